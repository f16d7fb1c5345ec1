import { messageOf, RuntimeError } from "../base/errors.ts";
import type { HttpOptions, HttpServer, Platform } from "../platform/platform.ts";

/**
 * Starts an HTTP server.
 * @throws {RuntimeError} `listen_failed` with the address and the reason.
 */
export async function listenHttp(
  platform: Pick<Platform, "serveHttp">,
  options: HttpOptions,
): Promise<HttpServer> {
  const { address } = options;
  const where = address.kind === "unix" ? address.path : `${address.host}:${address.port}`;
  try {
    return await platform.serveHttp(options);
  } catch (cause) {
    const message = `Cannot listen on ${where}: ${messageOf(cause)}`;
    throw new RuntimeError("listen_failed", message, { cause });
  }
}
