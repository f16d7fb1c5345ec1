import { RuntimeError } from "../base/errors.ts";

/** Task code may replace the global ones. */
const { parse } = JSON;
const maxShownChars = 100;

/** Reads JSON text. */
export function parseJson(text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new RuntimeError("bad_message", "Cannot read a message: its head is not JSON", { cause });
  }
}

/** Requires an object. */
export function asRecord(value: unknown, name: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw badMessage(name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Requires a string. */
export function asText(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw badMessage(name);
}

/** Reads a number. */
export function asNumber(value: unknown, name: string): number {
  if (typeof value === "number") return value;
  throw badMessage(name);
}

/** Requires a whole number above 0. */
export function asCount(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw badMessage(name);
}

/** Shows a value in an error; anything but text may be endless, or refuse to be printed. */
export function showField(value: unknown): string {
  return typeof value === "string" ? `"${value.slice(0, maxShownChars)}"` : typeof value;
}

/** The error of a message whose field `what` is not as it must be. */
export function badMessage(what: string): RuntimeError {
  return new RuntimeError("bad_message", `Cannot read a message: unexpected ${what}`);
}
