import { IllegalResponse } from "./illegal_response.ts";
import { whyNotJson } from "./not_json.ts";

/** Task code may replace the global one. */
const { stringify } = JSON;

/** The type of a body of which the author has not named one. */
export function automaticType(body: unknown): string {
  return typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
}

/**
 * Returns what is sent for a body: a string as it is, any other value as its JSON text.
 * @throws {IllegalResponse} for binary data and for a value that JSON cannot hold.
 */
export function toBodyText(body: unknown): string {
  if (typeof body === "string") return body;
  const unsuitable = describeUnsuitable(body);
  if (unsuitable !== undefined) {
    throw new IllegalResponse(`Cannot send ${unsuitable} as the body: use a string or JSON value`);
  }
  const json = toJson(body);
  if (json === undefined) throw notJson(body);
  return json;
}

function toJson(body: unknown): string | undefined {
  try {
    return stringify(body);
  } catch (cause) {
    throw notJson(body, cause);
  }
}

function notJson(body: unknown, cause?: unknown): IllegalResponse {
  return new IllegalResponse(`Cannot send the body as JSON: ${whyNotJson(body)}`, { cause });
}

/** Names what `JSON.stringify` would take without complaint and turn into nonsense, as `{}`. */
function describeUnsuitable(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  if (Object.getPrototypeOf(body) === Object.prototype || Array.isArray(body)) return undefined;
  if (isBinary(body)) return "binary data";
  if (Symbol.asyncIterator in body) return "a stream";
  return body instanceof Promise ? "a promise that nobody awaits" : undefined;
}

function isBinary(body: object): boolean {
  return ArrayBuffer.isView(body) || body instanceof ArrayBuffer ||
    body instanceof SharedArrayBuffer || body instanceof Blob;
}
