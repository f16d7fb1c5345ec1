import type { AuthenticateArguments, HandlerArguments } from "@journeyapps/cloudcode";
import { type ApiClient, findApiClient } from "./lib/api_clients.ts";

/** Lets a client in that sends `Authorization: Bearer TOKEN` with a token from the list. */
export async function authenticate({ request, access }: AuthenticateArguments) {
  const match = /^Bearer (\w+)$/.exec(request.header("Authorization") ?? "");
  if (match === null) return access.unauthorized();
  const client = await findApiClient(match[1]);
  if (client === undefined) return access.unauthorized();
  // The handler gets this very object as `authContext`.
  return access.authorized(client);
}

/** Answers `POST /my_web_task` with the name of the client. */
export function post({ authContext }: HandlerArguments<ApiClient>) {
  return { user: authContext.name };
}
