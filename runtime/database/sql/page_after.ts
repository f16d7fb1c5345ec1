import type { Layout } from "../model/layout.ts";
import type { SqlValue } from "../values/value_type.ts";
import type { Dialect, Statement } from "./dialect.ts";
import type { OrderPart } from "./select.ts";

/**
 * The condition of all rows that come after a given one in an order. Pages that begin so stay right
 * while rows come and go, and a late page costs no more than an early one, as OFFSET would.
 */
export function pageAfter(
  row: readonly SqlValue[],
  { layout, dialect, order }: {
    readonly layout: Layout;
    readonly dialect: Dialect;
    readonly order: readonly OrderPart[];
  },
): Statement {
  const parts = order.some(({ column }) => column === "id")
    ? order
    : [...order, { column: "id", isDescending: false }];
  return parts.reduceRight<Statement>((rest, { column, isDescending }) => {
    const name = dialect.quote(column);
    const value = row[layout.find(column)?.index ?? 0] ?? null;
    const isNullLast = value === null && isDescending;
    const after = isNullLast ? nothing : valuesAfter(name, { value, isDescending });
    const same = value === null
      ? { sql: `${name} IS NULL`, args: [] }
      : { sql: `${name} = ?`, args: [value] };
    return {
      sql: `(${after.sql} OR (${same.sql} AND ${rest.sql}))`,
      args: [...after.args, ...same.args, ...rest.args],
    };
  }, nothing);
}

const nothing: Statement = { sql: "1 = 0", args: [] };

/** `null` counts as lower than every value. */
function valuesAfter(
  name: string,
  { value, isDescending }: { readonly value: SqlValue; readonly isDescending: boolean },
): Statement {
  if (value === null) return { sql: `${name} IS NOT NULL`, args: [] };
  return isDescending
    ? { sql: `(${name} < ? OR ${name} IS NULL)`, args: [value] }
    : { sql: `${name} > ?`, args: [value] };
}
