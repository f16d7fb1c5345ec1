import { BlockList, isIP } from "node:net";
import { bad, good, type Parsed } from "../base/parsed.ts";

/** IP addresses and ranges of them. */
export interface AddressSet {
  /** No address belongs to it. */
  readonly isEmpty: boolean;
  /** Whether an IP address belongs to the set; an IPv4 address may come in its IPv6 form. */
  has(address: string): boolean;
}

/** Reads addresses and ranges such as `10.0.0.1`, `10.0.0.0/8` and `fd00::/8`. */
export function parseAddressSet(texts: readonly string[]): Parsed<AddressSet> {
  const list = new BlockList();
  for (const text of texts) {
    if (!add(list, text)) return bad('give an IP address or a range, as "10.0.0.0/8"');
  }
  return good({
    isEmpty: texts.length === 0,
    has: (address) => isIP(address) !== 0 && list.check(address, familyOf(address)),
  });
}

function add(list: BlockList, text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  if (isIP(address) === 0 || more.length > 0) return false;
  const family = familyOf(address);
  if (bits === undefined) {
    list.addAddress(address, family);
    return true;
  }
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (family === "ipv4" ? 32 : 128)) return false;
  list.addSubnet(address, Number(bits), family);
  return true;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
