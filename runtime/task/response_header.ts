import { maxReplyHeaderBytes } from "../protocol/reply_limits.ts";
import { IllegalResponse } from "./illegal_response.ts";

const token = /^[\w!#$%&'*+.^`|~-]+$/;
const impossibleInValue = /[^\t\x20-\x7e\x80-\xff]/;

/** A colon, a blank and the end of the line. */
const framingBytes = 4;

/** Headers about the connection, the framing of the body, or the request's own records. */
const serverHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "date",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-request-id",
  "x-trace-id",
]);

/** A header of an answer, its name in lower case. */
export type ResponseHeader = readonly [name: string, value: string];

/** Whether a header, its name in lower case, is set by the server and by nobody else. */
export function isServerHeader(name: string): boolean {
  return serverHeaders.has(name) || name.startsWith("proxy-");
}

/**
 * Checks a header an author sets.
 * @throws {IllegalResponse} for what HTTP cannot carry and for headers of the server.
 */
export function parseResponseHeader(name: unknown, value: unknown): ResponseHeader {
  if (typeof name !== "string" || !token.test(name)) {
    throw new IllegalResponse(`Cannot set this header as its name is invalid: got ${show(name)}`);
  }
  if (isServerHeader(name.toLowerCase())) {
    throw new IllegalResponse(`Cannot set header "${name}" as the server sets it`);
  }
  if (typeof value !== "string" && typeof value !== "number") {
    throw new IllegalResponse(`Cannot set header "${name}" to ${typeof value}: use a string`);
  }
  const text = String(value);
  const impossible = impossibleInValue.exec(text);
  if (impossible) {
    throw new IllegalResponse(
      `Cannot set header "${name}" as a header cannot hold ${show(impossible[0])}: encode it`,
    );
  }
  return [name.toLowerCase(), text.trim()];
}

/**
 * Checks what the headers of an answer, its content type among them, come to in all.
 * @throws {IllegalResponse} for more than a reply may hold.
 */
export function checkHeaderBytes(headers: readonly ResponseHeader[], contentType = ""): void {
  const bytes = headers.reduce(
    (sum, [name, value]) => sum + name.length + value.length + framingBytes,
    contentType.length,
  );
  if (bytes <= maxReplyHeaderBytes) return;
  throw new IllegalResponse(
    `Cannot answer with these headers as all of them must be <= ${maxReplyHeaderBytes} bytes: got ${bytes}`,
  );
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : typeof value;
}
