import type { Column } from "../model/layout.ts";
import type { Operator } from "../query/tree.ts";
import type { SqlValue } from "../values/value_type.ts";

/** SQL with a `?` for each of its arguments. */
export interface Statement {
  readonly sql: string;
  readonly args: readonly SqlValue[];
}

/** What decides the SQL of a comparison besides its operator: never the values themselves. */
export type Shape =
  | { readonly kind: "null" }
  | { readonly kind: "value" }
  | {
    readonly kind: "list";
    /** How many `?` there are. */
    readonly size: number;
    /** How many of the values differ. */
    readonly distinct: number;
    readonly hasNull: boolean;
  };

/** A comparison of a column with a value of a known shape. */
export interface Comparison {
  readonly column: Column;
  readonly operator: Operator;
  readonly shape: Shape;
}

/** What engines write differently. The query language and the objects know nothing of it. */
export interface Dialect {
  /** A name as an identifier. */
  quote(name: string): string;
  /** The SQL of a comparison, with the `?` of its shape. */
  compare(comparison: Comparison): string;
  /** An element of ORDER BY: `null` counts as lower than everything. */
  orderBy(column: string, isDescending: boolean): string;
}
