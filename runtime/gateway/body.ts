import { isUtf8 } from "node:buffer";
import type { Clock } from "../base/clock.ts";
import { deadline } from "../base/deadline.ts";
import { RuntimeError } from "../base/errors.ts";
import type { HeaderFields } from "../protocol/call.ts";
import type { HeldBody } from "./body_memory.ts";

/** The longest time without a byte; shorter than idle limits, which end a request unanswered. */
export const bodyStallMs = 20_000;
/** What lasts longer has to have come at `leastBytesPerSecond`, from its first byte on. */
const graceMs = 30_000;
/** As over a slow mobile link: 5 MiB then take up to six minutes. */
const leastBytesPerSecond = 16 * 1024;

/** What reading a body comes to. */
export type BodyResult =
  | { readonly kind: "read"; readonly body: Uint8Array | undefined }
  | { readonly kind: "too-large" }
  | { readonly kind: "no-memory" }
  | { readonly kind: "not-utf8" }
  | { readonly kind: "too-slow" }
  | { readonly kind: "aborted" };

/** What tells whether a request has a body. */
export interface BodySource {
  readonly method: string;
  readonly headers: HeaderFields;
  readonly request: Pick<Request, "body">;
}

/** What the head of a request says of a body; one that is `possible` may turn out to be none. */
export type BodyNotice = "none" | "announced" | "possible";

/** Tells whether a request has a body, from its headers where they say so: asking costs more. */
export function bodyNotice({ method, headers, request }: BodySource): BodyNotice {
  if (headers["transfer-encoding"] !== undefined) return "announced";
  const length = headers["content-length"];
  if (length !== undefined) return /^0+$/.test(length) ? "none" : "announced";
  // HTTP/2 needs no header for a body. Source: RFC 9113 §8.1.1.
  if (method === "GET" || method === "HEAD" || request.body === null) return "none";
  return "possible";
}

/**
 * The length that a body is announced with, 0 when it comes in chunks; undefined when its end is in
 * doubt, where somebody on the way may have seen another one. Runtimes refuse only some of these.
 */
export function announcedBytes(headers: HeaderFields): number | undefined {
  const { "content-length": length, "transfer-encoding": coding } = headers;
  if (coding === undefined) return /^\d+$/.test(length ?? "0") ? Number(length ?? 0) : undefined;
  return coding.toLowerCase() === "chunked" && length === undefined ? 0 : undefined;
}

/** How much and how slow a body may be. */
export interface BodyLimits {
  readonly maxBytes: number;
  /** What the request holds of the memory for all bodies. */
  readonly held: Pick<HeldBody, "grow">;
  readonly clock: Clock;
}

/** Reads a body whole, as far as the limits; bytes beyond them are never kept. */
export async function readBody(request: Request, limits: BodyLimits): Promise<BodyResult> {
  if (request.body === null) return { kind: "read", body: undefined };
  const reader = request.body.getReader();
  const result = await readUpTo(reader, limits);
  if (result.kind !== "read") void reader.cancel().catch(ignoreBrokenBody);
  else if (result.body && !isUtf8(result.body)) return { kind: "not-utf8" };
  return result;
}

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

async function readUpTo(reader: BodyReader, limits: BodyLimits): Promise<BodyResult> {
  const { maxBytes, held, clock } = limits;
  const startMs = clock.monotonicMs();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const lastsUntilMs = startMs + graceMs + size * 1_000 / leastBytesPerSecond;
    const next = await readNext(reader, { clock, untilMs: lastsUntilMs });
    if (typeof next === "string") return { kind: next };
    if (next.done) return { kind: "read", body: toWhole(chunks, size) };
    size += next.value.length;
    if (size > maxBytes) return { kind: "too-large" };
    if (!held.grow(next.value.length)) return { kind: "no-memory" };
    chunks.push(next.value);
  }
}

async function readNext(
  reader: BodyReader,
  { clock, untilMs }: { readonly clock: Clock; readonly untilMs: number },
) {
  const leftMs = untilMs - clock.monotonicMs();
  if (leftMs <= 0) return "too-slow";
  try {
    return await deadline(reader.read(), Math.min(bodyStallMs, leftMs), { clock });
  } catch (error) {
    const isOverdue = error instanceof RuntimeError && error.code === "overdue";
    // Otherwise the client broke off in the middle of its body: there is nobody left to tell.
    return isOverdue ? "too-slow" : "aborted";
  }
}

/** Nothing at all is an empty body, not none. */
function toWhole(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks;
  return only && chunks.length === 1 ? only : Buffer.concat(chunks, size);
}

function ignoreBrokenBody(): void {
  // Cancelling what the client has already broken off fails, and changes nothing.
}
