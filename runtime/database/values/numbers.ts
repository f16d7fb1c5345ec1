import { bad, good, type Parsed } from "../../base/parsed.ts";
import type { SqlValue, ValueType } from "./value_type.ts";

const numberPattern = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const exactIntegers = "within ±9007199254740991";

/** A finite number. */
export const numberType: ValueType = {
  storage: "real",
  comparing: "number",
  cast: parseNumber,
  parameter: parseNumber,
  read: (stored) => stored,
  parseText: readNumber,
  parseJson: good,
  typescript: () => ({ read: "number", assign: "never" }),
};

/** A whole number; fractions are floored when they are assigned. */
export const integerType: ValueType = {
  ...numberType,
  storage: "integer",
  cast(value) {
    const number = parseNumber(value);
    return number.kind === "bad" ? number : toInteger(Math.floor(Number(number.value)));
  },
};

/** A boolean. */
export const booleanType: ValueType = {
  storage: "integer",
  comparing: "flag",
  cast: parseBoolean,
  parameter: parseBoolean,
  read: (stored) => stored === 1,
  parseText(text) {
    if (text === "true" || text === "1") return good(true);
    return text === "false" || text === "0" ? good(false) : bad("true or false");
  },
  parseJson: good,
  typescript: () => ({ read: "boolean", assign: "never" }),
};

/** Reads a number from text. */
export function readNumber(text: string): Parsed<number> {
  return numberPattern.test(text.trim()) ? good(Number(text)) : bad("a number");
}

/** Requires a finite number; both zeros are one. */
export function parseNumber(value: unknown): Parsed<SqlValue> {
  return typeof value === "number" && Number.isFinite(value)
    ? good(value + 0)
    : bad("a finite number");
}

/** Requires an integer that a number holds exactly. */
function toInteger(value: number): Parsed<SqlValue> {
  return Number.isSafeInteger(value) ? good(value + 0) : bad(`an integer ${exactIntegers}`);
}

function parseBoolean(value: unknown): Parsed<SqlValue> {
  return typeof value === "boolean" ? good(value ? 1 : 0) : bad("true or false");
}
