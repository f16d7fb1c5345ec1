import { didYouMean } from "../base/nearest.ts";
import { unusable } from "./absent.ts";
import type { DataModel } from "./model/data_model.ts";
import { toLayouts } from "./model/layout.ts";
import { Batch } from "./objects/batch.ts";
import { Collection } from "./objects/collection.ts";
import { DatabaseObject } from "./objects/database_object.ts";
import { createObjectClass, type ObjectClass } from "./objects/object_class.ts";
import type { ModelParts, ObjectState } from "./objects/object_state.ts";
import type { Session } from "./objects/session.ts";
import { QueryCache } from "./query/query_cache.ts";
import type { Dialect, Statement } from "./sql/dialect.ts";
import type { Engine, Row, Work } from "./sql/engine.ts";
import { ModelSql } from "./sql/select.ts";
import type { Surroundings } from "./values/value_type.ts";

/** What a database is made of. */
export interface DatabaseOptions {
  readonly dataModel: DataModel;
  readonly dialect: Dialect;
  readonly surroundings: Surroundings;
  /** Opens the engine when it is first needed; asked again after it has failed. */
  open(): Promise<Engine>;
}

/** The database of a deployment, opened when it is first used. */
export class Database implements Session, AsyncDisposable {
  readonly dialect: Dialect;
  readonly surroundings: Surroundings;
  readonly #options: DatabaseOptions;
  readonly #models = new Map<string, ModelParts>();
  readonly #classes = new Map<string, ObjectClass>();
  readonly #collections = new Map<string, Collection>();
  #engine: Engine | undefined;
  #opening: Promise<Engine> | undefined;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.dialect = options.dialect;
    this.surroundings = options.surroundings;
    for (const [name, layout] of toLayouts(options.dataModel)) {
      const sql = new ModelSql(layout, this.dialect);
      const parts = { layout, sql, queries: new QueryCache(layout, this.dialect) };
      this.#models.set(name, parts);
      this.#collections.set(name, new Collection(this, parts));
    }
  }

  /**
   * The objects of a model.
   * @throws {TypeError} when the app has no such model.
   */
  collection(name: string): Collection {
    const collection = this.#collections.get(name);
    if (collection) return collection;
    const hint = didYouMean(name, this.#collections.keys());
    throw unusable(name, `schema.xml has no model "${name}"${hint}`);
  }

  get modelNames(): readonly string[] {
    return [...this.#models.keys()];
  }

  hasModel(name: string): boolean {
    return this.#models.has(name);
  }

  createBatch(): Batch {
    return new Batch(this);
  }

  model(name: string): ModelParts {
    const parts = this.#models.get(name);
    if (parts) return parts;
    throw unusable(name, "schema.xml has no such model");
  }

  toObject(state: ObjectState): object {
    return state.object ??= new (this.#classOf(state.model))(this, state);
  }

  stateOf(value: unknown): ObjectState | undefined {
    return DatabaseObject.stateOf(value);
  }

  read(statement: Statement): Promise<readonly Row[]> {
    return this.#engine ? this.#engine.read(statement) : this.#readLater(statement);
  }

  async write(work: Work): Promise<void> {
    await (this.#engine ?? await this.#open()).write(work);
  }

  async explain(statement: Statement): Promise<readonly string[]> {
    return await (this.#engine ?? await this.#open()).explain(statement);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opening = this.#opening;
    this.#opening = this.#engine = undefined;
    await (await opening)?.close();
  }

  async #readLater(statement: Statement): Promise<readonly Row[]> {
    return await (await this.#open()).read(statement);
  }

  async #open(): Promise<Engine> {
    this.#opening ??= this.#options.open();
    try {
      return this.#engine = await this.#opening;
    } catch (error) {
      // Whatever was in the way may be gone the next time.
      this.#opening = undefined;
      throw error;
    }
  }

  #classOf({ layout }: ModelParts): ObjectClass {
    const known = this.#classes.get(layout.model.name);
    if (known) return known;
    const created = createObjectClass(layout);
    this.#classes.set(layout.model.name, created);
    return created;
  }
}
