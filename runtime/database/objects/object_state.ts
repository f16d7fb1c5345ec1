import type { Column, Layout } from "../model/layout.ts";
import type { QueryCache } from "../query/query_cache.ts";
import type { Row } from "../sql/engine.ts";
import type { ModelSql } from "../sql/select.ts";
import type { SqlValue } from "../values/value_type.ts";

/** Everything about a model that its objects and queries need. */
export interface ModelParts {
  readonly layout: Layout;
  readonly sql: ModelSql;
  readonly queries: QueryCache;
}

const noChanges: ReadonlyMap<number, SqlValue> = new Map();

/** What is known of an object's row, and what is to be changed in it. */
export class ObjectState {
  readonly model: ModelParts;
  /** The object of the task; one state has one. */
  object: object | undefined;
  /** As the database has it; a new object has only its ID. */
  #row: Row;
  #changes: Map<number, SqlValue> | undefined;
  #isPersisted: boolean;
  #isDestroyed = false;
  /** The belongs-to that were loaded or set, by name. */
  #parents: Map<string, ObjectState | undefined> | undefined;

  constructor(model: ModelParts, row: Row, isPersisted: boolean) {
    this.model = model;
    this.#row = row;
    this.#isPersisted = isPersisted;
  }

  get id(): string {
    return String(this.#row[0]);
  }

  get isPersisted(): boolean {
    return this.#isPersisted;
  }

  get isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Whether a save has something to do. */
  get isDirty(): boolean {
    return !this.#isDestroyed && (!this.#isPersisted || this.#changes !== undefined);
  }

  /** Only what differs from the database, by the places of columns. */
  get changes(): ReadonlyMap<number, SqlValue> {
    return this.#changes ?? noChanges;
  }

  get parents(): ReadonlyMap<string, ObjectState | undefined> | undefined {
    return this.#parents;
  }

  get({ index }: Column): SqlValue {
    const changed = this.#changes?.get(index);
    return changed === undefined ? this.#row[index] ?? null : changed;
  }

  set(column: Column, value: SqlValue): void {
    const { index, relation } = column;
    if (relation && this.get(column) !== value) this.#parents?.delete(relation.name);
    const isSame = (this.#row[index] ?? null) === value;
    if (!isSame) (this.#changes ??= new Map()).set(index, value);
    else if (this.#changes?.delete(index) && this.#changes.size === 0) this.#changes = undefined;
  }

  /** Keeps a parent that was loaded; `undefined` for one that is not there. */
  keepParent(name: string, parent: ObjectState | undefined): void {
    (this.#parents ??= new Map()).set(name, parent);
  }

  /** The row as a save leaves it. */
  toRow(): SqlValue[] {
    const row: SqlValue[] = [];
    for (const column of this.model.layout.columns) row.push(this.get(column));
    return row;
  }

  /** A save has written this row; what was assigned meanwhile is still to be saved. */
  saved(row: Row): void {
    const later = this.#changes;
    this.#row = row;
    this.#isPersisted = true;
    this.#changes = undefined;
    if (later === undefined) return;
    for (const [index, value] of later) {
      if ((row[index] ?? null) !== value) (this.#changes ??= new Map()).set(index, value);
    }
  }

  /** The row was read anew: what was assigned is dropped. */
  reloaded(row: Row): void {
    this.#row = row;
    this.#changes = undefined;
    this.#parents = undefined;
  }

  destroyed(): void {
    this.#isDestroyed = true;
    this.#isPersisted = false;
  }
}
