import type { AddressSet } from "../config/address_set.ts";
import type { RequestInfo } from "../platform/platform.ts";
import type { HeaderFields } from "../protocol/call.ts";

/** Who a request came from and what it asked for, as seen from outside any proxy. */
export interface PublicAddress {
  readonly scheme: "http" | "https";
  readonly host: string | undefined;
  /** Given by a trusted proxy; undefined where one is made here. */
  readonly requestId: string | undefined;
}

/** What is known before any header counts. */
export interface DirectAddress {
  readonly scheme: "http" | "https";
  readonly trustedProxies: AddressSet | undefined;
}

const maxRequestIdLength = 128;
const requestIdPattern = /^[\w.:+/=@-]+$/;

/**
 * Works out the public address of a request. `Forwarded` (RFC 7239) and the `X-Forwarded` headers
 * count only when the peer is a trusted proxy; the first element is the client's own.
 */
export function readPublicAddress(
  headers: HeaderFields,
  info: RequestInfo,
  direct: DirectAddress,
): PublicAddress {
  // HTTP/2 has none of that name: only then is the runtime asked.
  const host = headers["host"] ?? info.host();
  const { trustedProxies, scheme } = direct;
  const peer = trustedProxies ? info.clientAddress() : undefined;
  if (!trustedProxies || peer === undefined || !trustedProxies.has(peer)) {
    return { scheme, host, requestId: undefined };
  }
  const forwarded = parseForwarded(headers["forwarded"]);
  const proto = forwarded["proto"] ?? firstElement(headers["x-forwarded-proto"]);
  return {
    scheme: toScheme(proto) ?? scheme,
    // Without a Host of its own a request stays malformed.
    host: host && (forwarded["host"] ?? firstElement(headers["x-forwarded-host"]) ?? host),
    requestId: toRequestId(headers["x-request-id"]),
  };
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

/** The parameters of the first element of `Forwarded`; quoted values without their quotes. */
function parseForwarded(value: string | undefined): Readonly<Record<string, string | undefined>> {
  const parameters = firstElement(value)?.split(";") ?? [];
  return Object.fromEntries(parameters.map((parameter) => {
    const at = parameter.indexOf("=");
    const name = parameter.slice(0, at).trim().toLowerCase();
    return [name, parameter.slice(at + 1).trim().replace(/^"(.*)"$/, "$1")];
  }));
}
