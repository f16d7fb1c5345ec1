import type { AddressSet } from "../config/address_set.ts";
import type { RequestInfo } from "../platform/platform.ts";
import type { HeaderFields } from "../protocol/call.ts";
import { parseForwarded } from "./forwarded.ts";
import { readForwardedFor, toAddress } from "./forwarded_for.ts";

/** Who a request came from and what it asked for, as seen from outside any proxy. */
export interface PublicAddress {
  readonly scheme: "http" | "https";
  readonly host: string | undefined;
  /** Given by a trusted proxy; undefined where one is made here. */
  readonly requestId: string | undefined;
  /** The client's address, where it had to be asked for, or a trusted proxy told it. */
  readonly client: string | undefined;
}

/** What is known before any header counts. */
export interface DirectAddress {
  readonly scheme: "http" | "https";
  readonly trustedProxies: AddressSet | undefined;
}

const maxRequestIdLength = 128;
const requestIdPattern = /^[\w.:+/=@-]+$/;

/**
 * Works out the public address of a request. The `X-Forwarded` headers and, without any of them,
 * `Forwarded` count only when the peer is a trusted proxy; the first element is the client's own, but
 * for `X-Forwarded-For`, to which proxies add.
 */
export function readPublicAddress(
  headers: HeaderFields,
  info: RequestInfo,
  direct: DirectAddress,
): PublicAddress {
  const host = info.host(headers);
  const { trustedProxies, scheme } = direct;
  const peer = trustedProxies ? info.clientAddress() : undefined;
  if (!trustedProxies || peer === undefined || !trustedProxies.has(peer)) {
    return { scheme, host, requestId: undefined, client: peer };
  }
  const told = readForwarding(headers, trustedProxies);
  return {
    scheme: toScheme(told.proto) ?? scheme,
    // Without a Host of its own a request stays malformed.
    host: host && (told.host || host),
    requestId: toRequestId(headers["x-request-id"]),
    client: told.client ?? peer,
  };
}

/** What a proxy says of the request it was sent. */
interface Forwarding {
  readonly proto: string | undefined;
  readonly host: string | undefined;
  readonly client: string | undefined;
}

/**
 * A proxy sets one family of headers, and may let its client's of the other one through. Most set
 * `X-Forwarded`: with one of them there, `Forwarded` is not looked at.
 */
function readForwarding(headers: HeaderFields, trusted: AddressSet): Forwarding {
  const proto = headers["x-forwarded-proto"];
  const host = headers["x-forwarded-host"];
  const chain = headers["x-forwarded-for"];
  if ((proto ?? host ?? chain) !== undefined) {
    const client = readForwardedFor(chain, trusted);
    return { proto: firstElement(proto), host: firstElement(host), client };
  }
  const forwarded = parseForwarded(headers["forwarded"]);
  const client = toAddress(forwarded?.get("for") ?? "");
  return { proto: forwarded?.get("proto"), host: forwarded?.get("host"), client };
}

function toScheme(proto: string | undefined): "http" | "https" | undefined {
  const lower = proto?.toLowerCase();
  return lower === "http" || lower === "https" ? lower : undefined;
}

function toRequestId(value: string | undefined): string | undefined {
  const isUsable = value !== undefined && value.length <= maxRequestIdLength &&
    requestIdPattern.test(value);
  return isUsable ? value : undefined;
}

function firstElement(value: string | undefined): string | undefined {
  return value?.split(",")[0]?.trim() || undefined;
}
