import { isIP } from "node:net";
import type { AddressSet } from "../config/address_set.ts";

/** An address as proxies write it: with a port, or in brackets, perhaps both. */
const nodePattern = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::\d{1,5})?$/;

/**
 * The address of a client as a chain of proxies tells it: the last that is none of the trusted ones, as
 * anybody can have made up what is before it; the first where all are trusted. Undefined when there is
 * none, or something else in its place.
 */
export function readForwardedFor(
  value: string | undefined,
  trusted: Pick<AddressSet, "has">,
): string | undefined {
  let client: string | undefined;
  for (const element of (value ?? "").split(",").toReversed()) {
    const node = element.trim();
    // As every list in a header may have them. Source: RFC 9110 §5.6.1.
    if (node === "") continue;
    client = toAddress(node);
    if (client === undefined || !trusted.has(client)) return client;
  }
  return client;
}

/** The address of one element of a list; undefined for a name, a blank or nonsense. */
export function toAddress(node: string): string | undefined {
  const [, bracketed, plain] = nodePattern.exec(node) ?? [];
  const address = bracketed ?? plain ?? node;
  // A zone means something on its own machine alone, and may be of any length.
  return isIP(address) === 0 || address.includes("%") ? undefined : address;
}
