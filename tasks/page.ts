import type { AuthenticateArguments, HandlerArguments } from "@journeyapps/cloudcode";
import { html } from "./lib/html.ts";

const maxNameLength = 100;

/** Lets everyone in. */
export function authenticate({ access }: AuthenticateArguments) {
  return access.authorized();
}

/** Answers `GET /page?name=Ada` with an HTML page. */
export function get({ request, response, invocation }: HandlerArguments) {
  const name = request.searchParams.get("name")?.slice(0, maxNameLength) || "world";
  response
    .contentType("text/html; charset=utf-8")
    // A second line of defence: even markup that slipped through could not run a script.
    .header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
    .body(renderPage(name, invocation.environment));
}

function renderPage(name: string, environment: string): string {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <title>Hello ${name}</title>
        <style>body { font-family: sans-serif; margin: 3rem }</style>
      </head>
      <body>
        <h1>Hello ${name}</h1>
        <form>
          <label>Name <input name="name" value="${name}" maxlength="${maxNameLength}"></label>
          <button>Greet</button>
        </form>
        <p>Environment: ${environment}</p>
      </body>
    </html>
  `;
}
