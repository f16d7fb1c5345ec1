import type { HttpAddress } from "./platform.ts";

/** Where a connection to each of them comes from, unless its client chooses another of this machine's. */
const loopback: ReadonlySet<string> = new Set(["127.0.0.1", "::1"]);

/**
 * The address that stands for every peer of a listener, where this machine alone reaches it; good for a record, not
 * to trust somebody by. To ask Bun for that of a request takes a sixth of all that the request takes.
 */
export function onlyPeer(address: HttpAddress): string | undefined {
  return address.kind === "tcp" && loopback.has(address.host) ? address.host : undefined;
}
