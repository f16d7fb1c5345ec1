import type { Operator } from "../query/tree.ts";
import type { Comparison, Shape } from "./dialect.ts";

/** The words for truths that need no row. */
const always = "1 = 1";
const never = "1 = 0";

type List = Extract<Shape, { kind: "list" }>;

/**
 * The SQL of comparisons that engines agree on. `null` compares like a value, so that no row is left
 * out because a field is unset: SQL's own operators would do that.
 */
export function compareScalar(
  column: string,
  { operator, shape }: Pick<Comparison, "operator" | "shape">,
): string {
  if (shape.kind === "list") return compareList(column, { isIn: operator === "in", shape });
  if (shape.kind === "null") return compareNull(column, operator);
  return operator === "!=" ? `(${column} <> ? OR ${column} IS NULL)` : `${column} ${operator} ?`;
}

/** The SQL of a comparison with `null`. */
export function compareNull(column: string, operator: Operator): string {
  if (operator === "=") return `${column} IS NULL`;
  if (operator === "!=") return `${column} IS NOT NULL`;
  return never;
}

/** As many `?` as a list has, as `?, ?, ?`. */
export function placeholders({ size }: List): string {
  return new Array(size).fill("?").join(", ");
}

function compareList(column: string, { isIn, shape }: { isIn: boolean; shape: List }): string {
  const isEmpty = shape.size === 0;
  if (isIn) {
    const listed = isEmpty ? never : `${column} IN (${placeholders(shape)})`;
    return shape.hasNull ? `(${listed} OR ${column} IS NULL)` : listed;
  }
  if (isEmpty) return shape.hasNull ? `${column} IS NOT NULL` : always;
  const unlisted = `${column} NOT IN (${placeholders(shape)})`;
  // NOT IN is unknown, and so false, for null itself.
  return shape.hasNull ? unlisted : `(${unlisted} OR ${column} IS NULL)`;
}
