import { bad, good, type Parsed } from "./parsed.ts";

/** The longest label of a host name. Source: RFC 1035 §2.3.4. */
export const maxLabelLength = 63;

const maxNameLength = 253;
const labelPattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Reads one label of a host name: lower-case, at most 63 characters, no `-` at either end. */
export function parseLabel(text: string): Parsed<string> {
  if (text.length > maxLabelLength) return bad(`give at most 63 characters: got ${text.length}`);
  if (labelPattern.test(text)) return good(text);
  return bad(`use a-z, 0-9 and "-", and no "-" at either end${asLabel(text)}`);
}

/** Reads a domain such as `example.com` or `localhost`; upper case and one trailing dot are dropped. */
export function parseDomain(text: string): Parsed<string> {
  const name = text.toLowerCase().replace(/\.$/, "");
  const isName = name.length <= maxNameLength &&
    name.split(".").every((label) => parseLabel(label).kind === "good");
  return isName ? good(name) : bad('give a domain name without port and path, as "example.com"');
}

/** Turns any text into the nearest label; empty when nothing of it is left. */
export function toLabel(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").slice(0, maxLabelLength)
    .replaceAll(/^-+|-+$/g, "");
}

function asLabel(text: string): string {
  const label = toLabel(text);
  return label === "" ? "" : `, as "${label}"`;
}
