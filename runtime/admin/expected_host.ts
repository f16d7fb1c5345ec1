import { isIP } from "node:net";
import type { HttpAddress } from "../platform/platform.ts";

/** A name or an IP address, with IPv6 in brackets; then a port. */
const hostPattern = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+?)\.?)(?::\d{0,5})?$/;

/**
 * Whether a Host header may come from somebody who meant this listener. A web page can have its own
 * host name resolve to the listener's address, and would then read what it answers (DNS rebinding);
 * what it cannot do is send another host than its own. No page reaches a Unix socket.
 */
export function isExpectedHost(host: string | undefined, address: HttpAddress): boolean {
  if (address.kind === "unix") return true;
  const [, ipv6, name = ""] = hostPattern.exec(host ?? "") ?? [];
  if (ipv6 !== undefined) return isIP(ipv6) === 6;
  return isIP(name) === 4 || ["localhost", address.host].includes(name.toLowerCase());
}
