import { bad, good, type Parsed } from "../../base/parsed.ts";
import type { Field } from "../model/data_model.ts";
import { parseNumber, readNumber } from "./numbers.ts";
import { parseTextValue } from "./text.ts";
import type { SqlValue, ValueType } from "./value_type.ts";

/** One of the declared keys. */
export const singleChoiceType: ValueType = {
  storage: "text",
  comparing: "text",
  cast: parseKey,
  // A key that is declared no longer may still be in old rows.
  parameter: parseTextValue,
  read: (stored) => stored,
  parseText: (text) => good(text),
  parseJson: good,
  typescript: (field) => ({ read: keysOf(field).join(" | "), assign: "never" }),
};

/** One of the declared whole numbers. */
export const singleChoiceIntegerType: ValueType = {
  ...singleChoiceType,
  storage: "integer",
  comparing: "number",
  parameter: parseNumber,
  parseText: readNumber,
};

/** Some of the declared keys, in the order they were assigned in. */
export const multipleChoiceType: ValueType = {
  storage: "text",
  comparing: "list",
  cast(value, field) {
    const isChoice = Array.isArray(value) && value.every((key) => isDeclared(key, field));
    return isChoice ? good(JSON.stringify(value)) : bad(`an array of ${listOf(field)}`);
  },
  parameter: parseTextValue,
  // Frozen: a change inside of it would not be noticed, and so not be saved.
  read: (stored) => Object.freeze(JSON.parse(String(stored))),
  parseText: (text) => good(text === "" ? [] : text.split(",").map((key) => key.trim())),
  parseJson: good,
  typescript: (field) => ({
    read: `readonly (${keysOf(field).join(" | ")})[]`,
    assign: "never",
  }),
};

/** Some of the declared whole numbers, in the order they were assigned in. */
export const multipleChoiceIntegerType: ValueType = {
  ...multipleChoiceType,
  parameter: parseNumber,
  parseText(text) {
    const keys = text === "" ? [] : text.split(",").map(readNumber);
    const wrong = keys.find(({ kind }) => kind === "bad");
    return wrong ?? good(keys.map((key) => key.kind === "good" ? key.value : NaN));
  },
};

function parseKey(value: unknown, field: Field): Parsed<SqlValue> {
  return isDeclared(value, field) ? good(value) : bad(`one of ${listOf(field)}`);
}

function isDeclared(value: unknown, { options }: Field): value is string | number {
  return options.some(({ key }) => key === value);
}

function listOf(field: Field): string {
  return keysOf(field).join(", ");
}

function keysOf({ options }: Field): readonly string[] {
  return options.map(({ key }) => JSON.stringify(key));
}
