import { didYouMean } from "../../base/nearest.ts";
import type { Column } from "../model/layout.ts";
import { DatabaseError } from "../sql/errors.ts";
import { type Referable, type Reference, reference } from "../values/reference.ts";
import { show } from "../values/show.ts";
import { castValue } from "./cast.ts";
import { toDisplay } from "./display.ts";
import { createGuard } from "./misuse.ts";
import { ObjectState } from "./object_state.ts";
import { Query } from "./query.ts";
import { SavePlan } from "./save_plan.ts";
import type { Session } from "./session.ts";
import { throwReason } from "./throw_reason.ts";

/**
 * An object of the database. Its fields are accessors of a class per model, which is why this one is
 * extended: a row that is read must cost no more than the object itself.
 */
export class DatabaseObject implements Referable {
  readonly #session: Session;
  readonly #state: ObjectState;

  constructor(session: Session, state: ObjectState) {
    this.#session = session;
    this.#state = state;
  }

  /** The state behind an object; `undefined` for any other value. */
  static stateOf(value: unknown): ObjectState | undefined {
    return typeof value === "object" && value !== null && #state in value
      ? value.#state
      : undefined;
  }

  get id(): string {
    return this.#state.id;
  }

  /** The name of its model. */
  get type(): string {
    return this.#state.model.layout.model.name;
  }

  /** Whether the database has it. */
  get persisted(): boolean {
    return this.#state.isPersisted;
  }

  get [reference](): Reference {
    return { model: this.type, id: this.id };
  }

  /** Saves what has changed, and before it what has changed of the belongs-to that are loaded. */
  async save(): Promise<void> {
    await this.#run("save");
  }

  /** Removes it from the database; once it is gone, neither this nor `save()` does anything. */
  async destroy(): Promise<void> {
    await this.#run("destroy");
  }

  /** Reads it again, and drops what was assigned since. */
  async reload(): Promise<void> {
    const { model: { sql }, id } = this.#state;
    const [row] = await this.#session.read(sql.byId(id));
    if (row === undefined) {
      const message = `Cannot reload ${this.#title()}: it is not in the database`;
      throw new DatabaseError("missing", message);
    }
    this.#state.reloaded(row);
  }

  /** Assigns several fields: all of them, or none when one does not fit. Other keys are ignored. */
  setAll(values: object): void {
    if (typeof values !== "object" || values === null) {
      throw new TypeError(
        `Cannot set fields of ${this.#title()}: give an object: got ${show(values)}`,
      );
    }
    const { layout } = this.#state.model;
    const given: ReadonlyMap<string, unknown> = new Map(Object.entries(values));
    const assigned = [...given].flatMap(([name, value]) => {
      const column = layout.find(name);
      if (column === undefined || column === layout.id) return [];
      return [{ column, value, stored: castValue(value, { column, layout }) }];
    });
    for (const { column, value, stored } of assigned) {
      this.#state.set(column, stored);
      const parent = column.relation && this.#session.stateOf(value);
      if (parent && column.relation) this.#state.keepParent(column.relation.name, parent);
    }
  }

  toString(): string {
    return toDisplay(this.#state, this.#session.surroundings);
  }

  toJSON(): Readonly<Record<string, unknown>> {
    const { layout } = this.#state.model;
    return Object.fromEntries(layout.columns.map((column) => [column.name, this.#get(column)]));
  }

  [Symbol.for("nodejs.util.inspect.custom")](
    _depth: number,
    options: object,
    inspect?: (value: unknown, options: object) => string,
  ): unknown {
    const shown = this.toJSON();
    return inspect ? `${this.type} ${inspect(shown, options)}` : shown;
  }

  /** What its class needs of a field, kept from tasks by being static. */
  static get(object: DatabaseObject, column: Column): unknown {
    return object.#get(column);
  }

  /** Assigns a field. */
  static set(object: DatabaseObject, column: Column, value: unknown): void {
    const state = object.#state;
    state.set(column, castValue(value, { column, layout: state.model.layout }));
  }

  /** Loads what a belongs-to refers to; `null` when it refers to nothing that is there. */
  static async parent(object: DatabaseObject, column: Column): Promise<object | null> {
    const { relation } = column;
    const state = object.#state;
    const session = object.#session;
    const id = state.get(column);
    if (relation === undefined || id === null) return null;
    if (!state.parents?.has(relation.name)) {
      const model = session.model(relation.model);
      const [row] = await session.read(model.sql.byId(String(id)));
      const parent = row && new ObjectState(model, row, true);
      // Another call, or an assignment, may have been faster.
      if (state.get(column) !== id) return await DatabaseObject.parent(object, column);
      if (!state.parents?.has(relation.name)) state.keepParent(relation.name, parent);
    }
    const parent = state.parents?.get(relation.name);
    return parent === undefined ? null : session.toObject(parent);
  }

  /** Sets a belongs-to. */
  static setParent(object: DatabaseObject, column: Column, value: unknown): void {
    DatabaseObject.set(object, column, value);
    const parent = object.#session.stateOf(value);
    if (parent && column.relation) object.#state.keepParent(column.relation.name, parent);
  }

  /** The objects of another model that refer to this one. */
  static children(
    object: DatabaseObject,
    { model, inverseOf }: { readonly model: string; readonly inverseOf: string },
  ): Query {
    return new Query(object.#session, object.#session.model(model))
      .where(`${inverseOf} = ?`, object.id);
  }

  async #run(kind: "save" | "destroy"): Promise<void> {
    try {
      await this.#session.write(new SavePlan([{ kind, state: this.#state }]));
    } catch (error) {
      throwReason(error);
    }
  }

  #get(column: Column): unknown {
    const stored = this.#state.get(column);
    return stored === null ? null : column.type.read(stored, this.#session.surroundings);
  }

  #title(): string {
    return `${this.#state.model.layout.title} "${this.id}"`;
  }
}

Object.setPrototypeOf(
  DatabaseObject.prototype,
  createGuard({
    assign(name, receiver) {
      const layout = DatabaseObject.stateOf(receiver)?.model.layout;
      const hint = layout ? didYouMean(name, layout.names) : "";
      throw new TypeError(
        `Cannot set ${layout?.title ?? "DB"}.${name}: the model has no such field${hint}`,
      );
    },
  }),
);
