import { didYouMean } from "../../base/nearest.ts";
import { QueryError } from "../query/query_error.ts";
import type { Statement } from "../sql/dialect.ts";
import { pageAfter } from "../sql/page_after.ts";
import type { OrderPart, Selection } from "../sql/select.ts";
import type { Row } from "../sql/engine.ts";
import { show } from "../values/show.ts";
import { type IncludeTree, loadIncludes, parseIncludes } from "./include.ts";
import { toCondition } from "./condition.ts";
import { createGuard } from "./misuse.ts";
import { type ModelParts, ObjectState } from "./object_state.ts";
import type { Session } from "./session.ts";

/** Rows that are read at a time by `for await`. */
const pageSize = 500;
/** Conditions that may be chained. */
const maxConditions = 1000;

/** What a query has been told. */
interface QueryParts extends Selection {
  readonly includes: IncludeTree;
}

const everything: QueryParts = {
  conditions: [],
  order: [],
  limit: undefined,
  skip: 0,
  includes: new Map(),
};

/** Objects that are asked for. It never changes: each step gives a new query. */
export class Query {
  readonly #session: Session;
  readonly #model: ModelParts;
  readonly #parts: QueryParts;

  constructor(session: Session, model: ModelParts, parts: QueryParts = everything) {
    this.#session = session;
    this.#model = model;
    this.#parts = parts;
  }

  /** Only those that also fulfil a condition. */
  where(...condition: readonly unknown[]): Query {
    const added = toCondition(condition, this.#model);
    if (added === undefined) return this;
    const conditions = [...this.#parts.conditions, added];
    if (conditions.length > maxConditions) {
      throw this.#error(`it may have at most ${maxConditions} conditions`);
    }
    return this.#with({ conditions });
  }

  /** At most so many. */
  limit(count: number): Query {
    return this.#with({ limit: this.#count("limit", count) });
  }

  /** Without the first ones. */
  skip(count: number): Query {
    return this.#with({ skip: this.#count("skip", count) });
  }

  /** In the order of fields; `-` before a name is descending. */
  orderBy(...fields: readonly string[]): Query {
    return this.#with({ order: fields.map((field) => this.#toOrder(field)) });
  }

  /** Loads belongs-to together with the objects. */
  include(...paths: readonly string[]): Query {
    const context = { model: this.#model, session: this.#session };
    return this.#with({ includes: parseIncludes(paths, context) });
  }

  async toArray(): Promise<object[]> {
    const rows = await this.#session.read(this.#model.sql.select(this.#parts));
    return await this.#toObjects(rows);
  }

  async first(): Promise<object | null> {
    const limit = Math.min(this.#parts.limit ?? 1, 1);
    const rows = await this.#session.read(this.#model.sql.select({ ...this.#parts, limit }));
    const [object = null] = await this.#toObjects(rows);
    return object;
  }

  async count(): Promise<number> {
    const rows = await this.#session.read(this.#model.sql.count(this.#parts));
    return Number(rows[0]?.[0]);
  }

  /** Destroys what is found, in one step, and returns how many there were. */
  async destroyAll(): Promise<number> {
    const change = { ...this.#model.sql.deleteAll(this.#parts), mustFind: undefined };
    let count = 0;
    await this.#session.write({
      plan: () => [change],
      done([changed = 0]) {
        count = changed;
      },
    });
    return count;
  }

  /** How the engine would go about it, as text for people. */
  async explain(): Promise<string> {
    const statement = this.#model.sql.select(this.#parts);
    return [statement.sql, ...await this.#session.explain(statement)].join("\n");
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<object> {
    let left = this.#parts.limit ?? Infinity;
    let page = this.#parts;
    while (left > 0) {
      const limit = Math.min(pageSize, left);
      const rows = await this.#session.read(this.#model.sql.select({ ...page, limit }));
      yield* await this.#toObjects(rows);
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit) return;
      left -= rows.length;
      page = { ...this.#parts, skip: 0, conditions: this.#conditionsAfter(last) };
    }
  }

  get length(): never {
    throw this.#error("a query has no length: use await query.count()");
  }

  get [Symbol.iterator](): never {
    throw this.#error("a query is not a list: use for await, or await query.toArray()");
  }

  toJSON(): never {
    throw this.#error("a query is not data: use await query.toArray()");
  }

  #conditionsAfter(row: Row): readonly Statement[] {
    const { dialect } = this.#session;
    const { conditions, order } = this.#parts;
    return [...conditions, pageAfter(row, { layout: this.#model.layout, dialect, order })];
  }

  async #toObjects(rows: readonly Row[]): Promise<object[]> {
    const states = rows.map((row) => new ObjectState(this.#model, row, true));
    const { includes: tree } = this.#parts;
    if (tree.size > 0) await loadIncludes(states, { tree, session: this.#session });
    return states.map((state) => this.#session.toObject(state));
  }

  #toOrder(field: unknown): OrderPart {
    const name = String(field).replace(/^-/, "");
    const { layout } = this.#model;
    const column = layout.find(name);
    if (column === undefined) {
      throw this.#error(`there is no field "${name}" to order by${didYouMean(name, layout.names)}`);
    }
    return { column: column.name, isDescending: String(field).startsWith("-") };
  }

  #count(name: string, count: unknown): number {
    if (typeof count === "number" && Number.isSafeInteger(count) && count >= 0) return count;
    throw this.#error(`${name} needs a whole number from 0: got ${show(count)}`);
  }

  #with(parts: Partial<QueryParts>): Query {
    return new Query(this.#session, this.#model, { ...this.#parts, ...parts });
  }

  #error(reason: string): QueryError {
    return new QueryError(`Cannot query ${this.#model.layout.title}: ${reason}`, { query: "" });
  }
}

Object.setPrototypeOf(
  Query.prototype,
  createGuard({
    read(name) {
      if (!/^\d+$/.test(name)) return;
      const message =
        `Cannot read element ${name} of a query: use await query.toArray(), or first()`;
      throw new TypeError(message);
    },
    assign(name) {
      throw new TypeError(`Cannot set "${name}" of a query: it never changes`);
    },
  }),
);
