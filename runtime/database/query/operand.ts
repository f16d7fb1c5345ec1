import type { Shape } from "../sql/dialect.ts";
import type { Column } from "../model/layout.ts";
import { referenceOf } from "../values/reference.ts";
import { show } from "../values/show.ts";
import type { Comparing, SqlValue } from "../values/value_type.ts";
import type { Operator } from "./tree.ts";

/** The value of a `?`, checked and ready for the engine. */
export type Operand =
  | { readonly kind: "good"; readonly shape: Shape; readonly values: readonly SqlValue[] }
  | { readonly kind: "bad"; readonly reason: string };

const ordering: readonly Operator[] = ["=", "!=", "<", "<=", ">", ">=", "in", "not in"];

const allowed: { readonly [C in Comparing]: readonly Operator[] } = {
  text: [...ordering, "contains", "starts with"],
  number: ordering,
  flag: ["=", "!=", "in", "not in"],
  list: ["=", "!=", "contains", "in", "not in"],
  opaque: ["=", "!="],
};

const nullShape: Shape = { kind: "null" };
const valueShape: Shape = { kind: "value" };

/** Says why an operator makes no sense for a column; `undefined` when it does. */
export function whyNotComparable(column: Column, operator: Operator): string | undefined {
  const operators = allowed[column.type.comparing];
  if (operators.includes(operator)) return undefined;
  const list = operators.join(", ");
  return `field "${column.name}" is ${column.typeName}, which "${operator}" does not fit: use ${list}`;
}

/** Checks the value that a column is compared with. */
export function toOperand(column: Column, operator: Operator, value: unknown): Operand {
  if (operator === "in" || operator === "not in") return toListed(column, value);
  if (column.type.comparing === "list") return toChoices(column, operator, value);
  if (value === null) {
    const isText = operator === "contains" || operator === "starts with";
    return isText ? wrong(column, "text", value) : { kind: "good", shape: nullShape, values: [] };
  }
  const parsed = toParameter(column, value);
  if (parsed.kind === "bad") return parsed;
  const folds = operator === "contains" || operator === "starts with";
  const bound = folds ? String(parsed.value).toLowerCase() : parsed.value;
  return { kind: "good", shape: valueShape, values: [bound] };
}

function toListed(column: Column, value: unknown): Operand {
  if (!Array.isArray(value)) return wrong(column, "an array after in", value);
  const values: SqlValue[] = [];
  let hasNull = false;
  for (const element of value) {
    if (element === null) hasNull = true;
    else {
      const parsed = toParameter(column, element);
      if (parsed.kind === "bad") return parsed;
      values.push(parsed.value);
    }
  }
  return toList(values, hasNull);
}

/** Of multiple choices: `=` compares whole arrays, `contains` asks for one key or all of some. */
function toChoices(column: Column, operator: Operator, value: unknown): Operand {
  if (operator !== "contains" && value === null) {
    return { kind: "good", shape: nullShape, values: [] };
  }
  const keys: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (operator !== "contains" && !Array.isArray(value)) return wrong(column, "an array", value);
  const values: SqlValue[] = [];
  for (const key of keys) {
    const parsed = toParameter(column, key);
    if (parsed.kind === "bad") return parsed;
    values.push(parsed.value);
  }
  if (operator === "contains") return toList(values, false);
  return { kind: "good", shape: valueShape, values: [JSON.stringify(values)] };
}

type Parameter =
  | { readonly kind: "good"; readonly value: SqlValue }
  | { readonly kind: "bad"; readonly reason: string };

function toParameter(column: Column, value: unknown): Parameter {
  const { relation } = column;
  const referred = relation && referenceOf(value);
  if (referred) {
    if (referred.model === relation.model) return { kind: "good", value: referred.id };
    return wrong(column, `an object of ${relation.model}`, `an object of ${referred.model}`);
  }
  const parsed = column.type.parameter(value, column.field);
  return parsed.kind === "good" ? parsed : wrong(column, parsed.fix, value);
}

function wrong(column: Column, needed: string, value: unknown): {
  readonly kind: "bad";
  readonly reason: string;
} {
  const got = `got ${show(value)}`;
  return {
    kind: "bad",
    reason: `field "${column.name}" is ${column.typeName} and needs ${needed}: ${got}`,
  };
}

/** Lists are filled up to a power of two, so that few statements serve lists of any length. */
function toList(values: readonly SqlValue[], hasNull: boolean): Operand {
  const last = values.at(-1);
  const distinct = new Set(values).size;
  const size = values.length === 0 ? 0 : 2 ** Math.ceil(Math.log2(values.length));
  const filled = last === undefined
    ? values
    : [...values, ...new Array<SqlValue>(size - values.length).fill(last)];
  return { kind: "good", shape: { kind: "list", size, distinct, hasNull }, values: filled };
}
