import type { AuthenticateArguments } from "@journeyapps/cloudcode";
import { findApiClient } from "./api_clients.ts";

const readingMethods = ["GET", "HEAD", "OPTIONS"];

/**
 * Lets clients in by their bearer token, and to methods that change something only those that may.
 * Tasks share it: `export { authenticate } from "./lib/authenticate.ts"`.
 */
export async function authenticate({ request, access }: AuthenticateArguments) {
  const token = /^Bearer (\w+)$/.exec(request.header("Authorization") ?? "")?.[1];
  const client = await findApiClient(token);
  if (client === null) return access.unauthorized();
  if (!client.can_write && !readingMethods.includes(request.method)) {
    const body = { message: `${client.name} may only read` };
    return access.unauthorized({ status: 403, body });
  }
  return access.authorized(client);
}
