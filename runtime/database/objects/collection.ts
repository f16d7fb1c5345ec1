import { QueryError } from "../query/query_error.ts";
import type { Row } from "../sql/engine.ts";
import { show } from "../values/show.ts";
import { toCondition } from "./condition.ts";
import { DatabaseObject } from "./database_object.ts";
import { type ModelParts, ObjectState } from "./object_state.ts";
import { Query } from "./query.ts";
import type { Session } from "./session.ts";

/** The objects of one model, as `DB.api_client`. */
export class Collection {
  readonly #session: Session;
  readonly #model: ModelParts;

  constructor(session: Session, model: ModelParts) {
    this.#session = session;
    this.#model = model;
  }

  /** A new object; `save()` writes it. */
  create(values: object = {}): object {
    const state = new ObjectState(this.#model, [crypto.randomUUID()], false);
    const object = this.#session.toObject(state);
    if (object instanceof DatabaseObject) object.setAll(values);
    return object;
  }

  /** One object: by its ID, by a query, by fields and values, or any. */
  async first(...given: readonly unknown[]): Promise<object | null> {
    const [only] = given;
    if (given.length === 1 && typeof only === "string") return await this.#byId(only);
    if (given.length === 1 && (only === null || only === undefined)) {
      const message = `Cannot look up ${this.#model.layout.title}: query or id required`;
      throw new QueryError(`${message}: got ${show(only)}`, { query: "" });
    }
    const condition = toCondition(given, this.#model);
    if (condition === undefined) return await this.all().first();
    return this.#toObject(await this.#session.read(this.#model.sql.first(condition)));
  }

  /** Those that fulfil a condition: a query with its arguments, or fields and values. */
  where(...condition: readonly unknown[]): Query {
    return this.all().where(...condition);
  }

  /** All of them. */
  all(): Query {
    return new Query(this.#session, this.#model);
  }

  async #byId(id: string): Promise<object | null> {
    if (id.includes("\0")) return null;
    return this.#toObject(await this.#session.read(this.#model.sql.byId(id)));
  }

  #toObject(rows: readonly Row[]): object | null {
    const row = rows[0];
    if (row === undefined) return null;
    return this.#session.toObject(new ObjectState(this.#model, row, true));
  }
}
