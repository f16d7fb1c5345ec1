import type { AuthenticateArguments } from "@journeyapps/cloudcode";

/** Lets everyone in; a task without `authenticate` answers every request with 500. */
export function authenticate({ access }: AuthenticateArguments) {
  return access.authorized();
}

/** Answers `GET /hello`: what a handler returns is the body, here as JSON. */
export function get() {
  return { hello: "world" };
}
