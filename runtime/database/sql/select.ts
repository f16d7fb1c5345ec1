import type { Layout } from "../model/layout.ts";
import { balance } from "../query/prepared_query.ts";
import type { Dialect, Statement } from "./dialect.ts";
import type { SqlValue } from "../values/value_type.ts";

/** Texts kept per model. */
const maxKeptTexts = 500;

/** One element of an order. */
export interface OrderPart {
  readonly column: string;
  readonly isDescending: boolean;
}

/** Which objects of a model, in which order. */
export interface Selection {
  readonly conditions: readonly Statement[];
  /** `id` follows by itself: without it, pages could overlap. */
  readonly order: readonly OrderPart[];
  readonly limit: number | undefined;
  readonly skip: number;
}

/** Writes the statements of one model. Only its layout names tables and columns. */
export class ModelSql {
  readonly #layout: Layout;
  readonly #dialect: Dialect;
  readonly #table: string;
  readonly #columns: string;
  /** Inserts a whole row. */
  readonly insert: string;
  readonly delete: string;
  readonly #select: string;
  readonly #byId: string;
  /** By their conditions: the look-up that requests begin with must not put its text together. */
  readonly #firsts = new Map<string, string>();

  constructor(layout: Layout, dialect: Dialect) {
    this.#layout = layout;
    this.#dialect = dialect;
    this.#table = dialect.quote(layout.model.name);
    this.#columns = layout.columns.map(({ name }) => dialect.quote(name)).join(", ");
    const values = layout.columns.map(() => "?").join(", ");
    this.insert = `INSERT INTO ${this.#table} (${this.#columns}) VALUES (${values})`;
    this.delete = `DELETE FROM ${this.#table} WHERE ${this.#id} = ?`;
    this.#select = `SELECT ${this.#columns} FROM ${this.#table}`;
    this.#byId = `${this.#select} WHERE ${this.#id} = ?`;
  }

  get #id(): string {
    return this.#dialect.quote("id");
  }

  /**
   * Reads one row that fulfils a condition, whichever the engine meets first. An order would cost a
   * look-up by an index a third of its time, and nearly always there is one row or none.
   */
  first({ sql, args }: Statement): Statement {
    let text = this.#firsts.get(sql);
    if (text === undefined) {
      text = `${this.#select} WHERE ${sql} LIMIT 1`;
      if (this.#firsts.size >= maxKeptTexts) this.#firsts.clear();
      this.#firsts.set(sql, text);
    }
    return { sql: text, args };
  }

  /** Reads one row by its ID. */
  byId(id: string): Statement {
    return { sql: this.#byId, args: [id] };
  }

  /** Reads rows by their IDs, in no order. */
  byIds(ids: readonly string[]): Statement {
    const list = new Array(ids.length).fill("?").join(", ");
    return { sql: `${this.#select} WHERE ${this.#id} IN (${list})`, args: ids };
  }

  /** Writes some columns of one row. */
  update(id: string, changes: ReadonlyMap<number, SqlValue>): Statement {
    const columns = [...changes.keys()].map((index) =>
      `${this.#dialect.quote(this.#layout.columns[index]?.name ?? "")} = ?`
    );
    const sql = `UPDATE ${this.#table} SET ${columns.join(", ")} WHERE ${this.#id} = ?`;
    return { sql, args: [...changes.values(), id] };
  }

  /** Reads the rows of a selection. */
  select(selection: Selection): Statement {
    return this.#selectColumns(this.#select, selection);
  }

  /** Counts the rows of a selection. */
  count(selection: Selection): Statement {
    if (selection.limit === undefined && selection.skip === 0) {
      const { sql, args } = whereOf(selection.conditions);
      return { sql: `SELECT count(*) FROM ${this.#table}${sql}`, args };
    }
    const { sql, args } = this.#selectColumns(`SELECT ${this.#id} FROM ${this.#table}`, selection);
    return { sql: `SELECT count(*) FROM (${sql}) AS counted`, args };
  }

  /** Deletes the rows of a selection. */
  deleteAll(selection: Selection): Statement {
    if (selection.limit === undefined && selection.skip === 0) {
      const { sql, args } = whereOf(selection.conditions);
      return { sql: `DELETE FROM ${this.#table}${sql}`, args };
    }
    const { sql, args } = this.#selectColumns(`SELECT ${this.#id} FROM ${this.#table}`, selection);
    return { sql: `DELETE FROM ${this.#table} WHERE ${this.#id} IN (${sql})`, args };
  }

  #selectColumns(start: string, { conditions, order, limit, skip }: Selection): Statement {
    const where = whereOf(conditions);
    const parts = order.map(({ column, isDescending }) =>
      this.#dialect.orderBy(column, isDescending)
    );
    const isById = order.some(({ column }) => column === "id");
    const orderBy = [...parts, ...(isById ? [] : [this.#id])].join(", ");
    const sql = `${start}${where.sql} ORDER BY ${orderBy}`;
    if (limit === undefined && skip === 0) return { sql, args: where.args };
    // Engines differ in how they say "no limit": a number none reaches is the same to all.
    const args = [...where.args, limit ?? Number.MAX_SAFE_INTEGER];
    if (skip === 0) return { sql: `${sql} LIMIT ?`, args };
    return { sql: `${sql} LIMIT ? OFFSET ?`, args: [...args, skip] };
  }
}

function whereOf(conditions: readonly Statement[]): Statement {
  const [only] = conditions;
  if (only === undefined) return { sql: "", args: [] };
  if (conditions.length === 1) return { sql: ` WHERE ${only.sql}`, args: only.args };
  const sql = ` WHERE ${balance(conditions.map(({ sql }) => sql), " AND ")}`;
  return { sql, args: conditions.flatMap(({ args }) => args) };
}
