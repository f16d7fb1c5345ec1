import { isIP } from "node:net";
import { parseDomain } from "../base/dns.ts";
import { bad, good, type Parsed } from "../base/parsed.ts";
import { formatSize, parseSize } from "../base/units.ts";

/** Reads one of a few words. */
export function oneOf<const W extends string>(words: readonly W[]) {
  return (text: string): Parsed<W> => {
    const word = words.find((candidate) => candidate === text);
    return word === undefined ? bad(`give one of ${words.join(", ")}`) : good(word);
  };
}

/** Reads a whole number within limits. */
export function numberWithin(least: number, most: number) {
  return (text: string): Parsed<number> => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return good(number);
    return bad(`give a whole number from ${least} to ${most}`);
  };
}

/** Reads a size of at least so many bytes. */
export function sizeFrom(leastBytes: number) {
  return (text: string): Parsed<number> => {
    const size = parseSize(text);
    if (size.kind === "bad" || size.value >= leastBytes) return size;
    return bad(`give a size of at least ${formatSize(leastBytes)}`);
  };
}

/** Reads text that is not empty, such as a path. */
export function parseText(text: string): Parsed<string> {
  return text === "" || text.includes("\0") ? bad("give a path") : good(text);
}

/** Reads what to listen on: an IP address or a host name; brackets of IPv6 are dropped. */
export function parseListen(text: string): Parsed<string> {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) !== 0) return good(host);
  const domain = parseDomain(host);
  return domain.kind === "good" ? domain : bad('give an address to listen on, as "127.0.0.1"');
}

/** Where the admin listener is. */
export type AdminAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** Reads where the admin listener is: `unix`, or HOST:PORT. */
export function parseAdmin(text: string): Parsed<"unix" | { host: string; port: number }> {
  if (text === "unix") return good(text);
  const [, host = "", port = ""] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const parsedHost = parseListen(host);
  const parsedPort = numberWithin(0, 65_535)(port);
  if (host === "" || parsedHost.kind === "bad" || parsedPort.kind === "bad") {
    return bad('give "unix", or HOST:PORT as "127.0.0.1:9090"');
  }
  return good({ host: parsedHost.value, port: parsedPort.value });
}

/** Reads a variable for tasks: NAME=value; the value may be empty. */
export function parseVariable(text: string): Parsed<readonly [name: string, value: string]> {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=([^\0]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    return bad('give NAME=value, as "API_URL=https://…"');
  }
  return good([name, value]);
}
