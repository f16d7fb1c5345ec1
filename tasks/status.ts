import type { AuthenticateArguments, HandlerArguments } from "@journeyapps/cloudcode";

/** Lets everyone in. */
export function authenticate({ access }: AuthenticateArguments) {
  return access.authorized();
}

/** Answers `GET /status` for a monitor: a string goes out as plain text. */
export function get({ invocation, response }: HandlerArguments) {
  response.header("Cache-Control", "no-store");
  return `ok\napp ${invocation.app}\nenvironment ${invocation.environment}\n`;
}
