import type { HttpAddress, Platform } from "./platform.ts";

/**
 * Rejects when somebody listens at the address, as a listener does that shares it with nobody: one
 * that shares its port, for the sake of the next certificate, would share it with another server.
 */
export async function requireFree(
  { serveHttp }: Pick<Platform, "serveHttp">,
  address: HttpAddress,
): Promise<void> {
  const handler = () => new Response(undefined, { status: 503 });
  const http = { tls: undefined, reusePort: false, idleTimeoutSeconds: 1 };
  await (await serveHttp({ address, handler, ...http })).abort();
}
