import { countOf } from "../../base/count_of.ts";
import { didYouMean } from "../../base/nearest.ts";
import type { Column, Layout } from "../model/layout.ts";
import type { Dialect, Shape, Statement } from "../sql/dialect.ts";
import type { SqlValue } from "../values/value_type.ts";
import { toOperand, whyNotComparable } from "./operand.ts";
import { parseQuery } from "./parse.ts";
import { QueryError } from "./query_error.ts";
import { type Operator, type Term, termsOf, type Tree } from "./tree.ts";

/** Arguments of one query, with every element of an array counted. */
const maxArguments = 10_000;
/** Texts of SQL kept per query: one per combination of nulls and lengths of lists. */
const maxKeptTexts = 64;

interface ResolvedTerm {
  readonly column: Column;
  readonly operator: Operator;
  readonly position: number;
}

/** The text of a query, parsed and looked up once; bound to arguments any number of times. */
export class PreparedQuery {
  readonly text: string;
  readonly #layout: Layout;
  readonly #dialect: Dialect;
  readonly #tree: Tree;
  readonly #terms: readonly ResolvedTerm[];
  readonly #texts = new Map<string, string>();
  #plainSql: string | undefined;

  /** @throws {QueryError} for a text that is no query of the model. */
  constructor(
    text: string,
    { layout, dialect }: { readonly layout: Layout; readonly dialect: Dialect },
  ) {
    this.text = text;
    this.#layout = layout;
    this.#dialect = dialect;
    this.#tree = parseQuery(text);
    this.#terms = termsOf(this.#tree).map((term) => this.#resolve(term));
  }

  /** What each `?` is compared with, in their order. */
  get comparisons(): readonly { readonly column: Column; readonly operator: Operator }[] {
    return this.#terms;
  }

  /**
   * Checks arguments, and gives the condition as SQL.
   * @throws {QueryError} for too few, too many, or one that its field cannot be compared with.
   */
  bind(args: readonly unknown[]): Statement {
    this.#checkCount(args);
    const shapes: Shape[] = [];
    const values: SqlValue[] = [];
    let isPlain = true;
    for (let index = 0; index < this.#terms.length; index++) {
      const term = this.#terms[index];
      if (term === undefined) continue;
      const operand = toOperand(term.column, term.operator, args[index]);
      if (operand.kind === "bad") throw this.#error(operand.reason, term.position);
      if (operand.shape.kind !== "value") isPlain = false;
      shapes.push(operand.shape);
      for (const value of operand.values) values.push(value);
    }
    // Nearly every query: its text is made once, and no key needs to be made to find it.
    const sql = isPlain ? this.#plainSql ??= this.#compile(shapes) : this.#toSql(shapes);
    return { sql, args: values };
  }

  #resolve({ field, operator, position }: Term): ResolvedTerm {
    const column = this.#layout.find(field);
    if (column === undefined) throw this.#error(this.#whyUnknown(field), position);
    const reason = whyNotComparable(column, operator);
    if (reason !== undefined) throw this.#error(reason, position);
    return { column, operator, position };
  }

  #whyUnknown(field: string): string {
    const { model, names } = this.#layout;
    if (model.hasMany.some(({ name }) => name === field)) {
      return `Cannot query by has-many field "${field}"`;
    }
    return `it has no field "${field}"${didYouMean(field, names)}`;
  }

  #checkCount(args: readonly unknown[]): void {
    const needed = this.#terms.length;
    if (args.length !== needed) {
      const position = this.#terms[args.length]?.position;
      throw this.#error(
        `it has ${needed} ? and was given ${countOf(args.length, "argument")}`,
        position,
      );
    }
    let count = 0;
    for (const value of args) count += Array.isArray(value) ? value.length : 1;
    if (count > maxArguments) {
      throw this.#error(`it must have <= ${maxArguments} arguments: got ${count}`, undefined);
    }
  }

  #toSql(shapes: readonly Shape[]): string {
    const key = shapes.map(keyOf).join();
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const sql = this.#compile(shapes);
    if (this.#texts.size >= maxKeptTexts) this.#texts.clear();
    this.#texts.set(key, sql);
    return sql;
  }

  #compile(shapes: readonly Shape[]): string {
    const comparisons = this.#terms.map(({ column, operator }, index) =>
      this.#dialect.compare({ column, operator, shape: shapes[index] ?? { kind: "value" } })
    );
    let next = 0;
    const compile = (tree: Tree): string => {
      if (tree.kind === "term") return comparisons[next++] ?? "";
      return balance(tree.parts.map(compile), ` ${tree.kind.toUpperCase()} `);
    };
    return compile(this.#tree);
  }

  #error(reason: string, position: number | undefined): QueryError {
    const message = reason.startsWith("Cannot ")
      ? reason
      : `Cannot query ${this.#layout.title}: ${reason}`;
    return new QueryError(message, { query: this.text, position });
  }
}

/** Joins conditions in halves: engines limit how deep an expression goes, and a chain is as deep as it is long. */
export function balance(parts: readonly string[], joint: string): string {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const middle = Math.ceil(parts.length / 2);
  const halves = [parts.slice(0, middle), parts.slice(middle)];
  return `(${halves.map((half) => balance(half, joint)).join(joint)})`;
}

function keyOf(shape: Shape): string {
  if (shape.kind !== "list") return shape.kind === "null" ? "0" : "1";
  return `${shape.size}/${shape.distinct}${shape.hasNull ? "n" : ""}`;
}
