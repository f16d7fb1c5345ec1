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
  for (const node of (value ?? "").split(",").toReversed()) {
    client = toAddress(node.trim());
    if (client === undefined || !trusted.has(client)) return client;
  }
  return client;
}

/** The address of one element of a list; undefined for a name, a blank or nonsense. */
export function toAddress(node: string): string | undefined {
  const [, bracketed, plain] = nodePattern.exec(node) ?? [];
  const address = bracketed ?? plain ?? node;
  return isIP(address) === 0 ? undefined : address;
}
