import { compareNull, compareScalar, placeholders } from "../sql/compare.ts";
import type { Comparison, Dialect } from "../sql/dialect.ts";

/** Functions that the connection adds: SQLite folds the case of ASCII alone. */
export const containsFunction = "webtaskd_contains";
/** See `containsFunction`. */
export const startsWithFunction = "webtaskd_starts_with";

/** How SQLite writes what engines write differently. */
export const sqliteDialect: Dialect = {
  quote,
  compare,
  // SQLite sorts null below everything by itself.
  orderBy: (column, isDescending) => isDescending ? `${quote(column)} DESC` : quote(column),
};

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function compare(comparison: Comparison): string {
  const column = quote(comparison.column.name);
  if (comparison.column.type.comparing === "list") return compareChoices(column, comparison);
  switch (comparison.operator) {
    case "contains":
      return `${containsFunction}(${column}, ?)`;
    case "starts with":
      return `${startsWithFunction}(${column}, ?)`;
    default:
      return compareScalar(column, comparison);
  }
}

/** Multiple choices are kept as JSON arrays. */
function compareChoices(column: string, { operator, shape }: Comparison): string {
  if (shape.kind === "null") return compareNull(column, operator);
  if (shape.kind === "value") return compareScalar(column, { operator, shape });
  const listed = `value IN (${placeholders(shape)})`;
  if (operator === "contains") {
    const found = `SELECT count(DISTINCT value) FROM json_each(${column}) WHERE ${listed}`;
    return shape.size === 0 ? `${column} IS NOT NULL` : `(${found}) = ${shape.distinct}`;
  }
  const some = shape.size === 0
    ? "1 = 0"
    : `EXISTS (SELECT 1 FROM json_each(${column}) WHERE ${listed})`;
  if (operator === "in") return shape.hasNull ? `(${some} OR ${column} IS NULL)` : some;
  return shape.hasNull ? `(NOT ${some} AND ${column} IS NOT NULL)` : `NOT ${some}`;
}
