import { isUtf8 } from "node:buffer";
import type { Clock } from "../base/clock.ts";
import { deadline } from "../base/deadline.ts";
import { RuntimeError } from "../base/errors.ts";
import type { HeaderFields } from "../protocol/call.ts";

/** What reading a body comes to. */
export type BodyResult =
  | { readonly kind: "read"; readonly body: Uint8Array | undefined }
  | { readonly kind: "too-large" }
  | { readonly kind: "not-utf8" }
  | { readonly kind: "stalled" }
  | { readonly kind: "aborted" };

/** What tells whether a request has a body. */
export interface BodySource {
  readonly headers: HeaderFields;
  readonly request: Pick<Request, "body">;
}

/** Whether a request has a body; HTTP/1 says so in its headers, which are cheaper to ask. */
export function hasBody({ headers, request }: BodySource): boolean {
  const length = headers["content-length"];
  if (length !== undefined) return length !== "0" || headers["transfer-encoding"] !== undefined;
  if (headers["transfer-encoding"] !== undefined) return true;
  // HTTP/2 needs no header for it, and has none for the host. Source: RFC 9113 §8.1.
  return headers["host"] === undefined && request.body !== null;
}

/** Whether a Content-Length alone says that a body is over the limit. */
export function isTooLongByHeader(headers: HeaderFields, maxBytes: number): boolean {
  return Number(headers["content-length"] ?? 0) > maxBytes;
}

/** How much and how slow a body may be. */
export interface BodyLimits {
  readonly maxBytes: number;
  /** The longest time without a byte of it; not every runtime has such a limit of its own. */
  readonly stallMs: number;
  readonly clock: Clock;
}

/** Reads a body whole, as far as the limits; bytes beyond them are never kept. */
export async function readBody(request: Request, limits: BodyLimits): Promise<BodyResult> {
  if (request.body === null) return { kind: "read", body: undefined };
  const reader = request.body.getReader();
  try {
    const bytes = await readUpTo(reader, limits);
    if (bytes === undefined) return { kind: "too-large" };
    return isUtf8(bytes) ? { kind: "read", body: bytes } : { kind: "not-utf8" };
  } catch (error) {
    const isStalled = error instanceof RuntimeError && error.code === "overdue";
    if (isStalled) void reader.cancel().catch(ignoreBrokenBody);
    // Otherwise the client broke off in the middle of its body: there is nobody left to tell.
    return { kind: isStalled ? "stalled" : "aborted" };
  }
}

async function readUpTo(reader: ReadableStreamDefaultReader<Uint8Array>, limits: BodyLimits) {
  const { maxBytes, stallMs, clock } = limits;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await deadline(reader.read(), stallMs, { clock });
    if (done) return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size);
    size += value.length;
    if (size > maxBytes) {
      void reader.cancel().catch(ignoreBrokenBody);
      return undefined;
    }
    chunks.push(value);
  }
}

function ignoreBrokenBody(): void {
  // Cancelling what the client has already broken off fails, and changes nothing.
}
