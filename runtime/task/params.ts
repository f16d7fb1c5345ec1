import type { Call } from "../protocol/call.ts";
import { isJsonType } from "../protocol/media_type.ts";
import type { JsonValue, Params } from "./types.ts";

/** Task code may replace the global one. */
const { parse } = JSON;

/**
 * Merges the query parameters of a call with the members of its JSON body, which win. The body is
 * parsed for itself, so that what a task does to `request.json()` never shows here.
 */
export function toParams(call: Call, body: string | null): Params {
  const members = body && isJsonType(call.headers["content-type"]) ? bodyMembers(body) : {};
  const question = call.url.indexOf("?");
  return question === -1 ? members : { ...queryParams(call.url.slice(question)), ...members };
}

function queryParams(query: string): Params {
  const params: Params = {};
  new URLSearchParams(query).forEach((value, name) => {
    if (name === "__proto__") return;
    params[name] = Object.hasOwn(params, name) ? appended(params[name], value) : value;
  });
  return params;
}

function appended(earlier: JsonValue | undefined, value: string): JsonValue {
  if (!Array.isArray(earlier)) return earlier === undefined ? value : [earlier, value];
  earlier.push(value);
  return earlier;
}

function bodyMembers(text: string): Params {
  const body = parsedOrNull(text);
  if (typeof body !== "object" || body === null || Array.isArray(body)) return {};
  // An own property after JSON.parse, but a trap for whoever assigns the members one by one.
  if (Object.hasOwn(body, "__proto__")) delete body["__proto__"];
  return body;
}

function parsedOrNull(text: string): JsonValue {
  try {
    return parse(text);
  } catch {
    // Bad JSON leaves the query alone: who needs the body learns of it from request.json().
    return null;
  }
}
