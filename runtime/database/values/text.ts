import { bad, good, type Parsed } from "../../base/parsed.ts";
import type { SqlValue, ValueType } from "./value_type.ts";

/** Any text. What is not an object becomes text when it is assigned. */
export const textType: ValueType = {
  storage: "text",
  comparing: "text",
  cast: (value) =>
    typeof value === "object" || typeof value === "function" || typeof value === "symbol"
      ? bad("text")
      : toText(String(value)),
  parameter: parseTextValue,
  read: (stored) => stored,
  parseText: (text) => good(text),
  parseJson: good,
  typescript: () => ({ read: "string", assign: "number | boolean" }),
};

/** Requires text that the database can hold. */
export function parseTextValue(value: unknown): Parsed<SqlValue> {
  return typeof value === "string" ? toText(value) : bad("text");
}

/** Engines end a text at a zero character, or refuse it; half a surrogate pair is no character. */
function toText(text: string): Parsed<SqlValue> {
  if (text.includes("\0")) return bad("text without the character U+0000");
  return good(text.isWellFormed() ? text : text.toWellFormed());
}
