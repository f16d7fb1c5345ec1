import { impossibleInValue } from "../protocol/header_value.ts";
import { maxReplyHeaderBytes } from "../protocol/reply_limits.ts";
import { isServerHeader } from "../protocol/server_headers.ts";
import { IllegalResponse } from "./illegal_response.ts";

const token = /^[\w!#$%&'*+.^`|~-]+$/;

/** A colon, a blank and the end of the line. */
const framingBytes = 4;

/** A header of an answer, its name in lower case. */
export type ResponseHeader = readonly [name: string, value: string];

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
