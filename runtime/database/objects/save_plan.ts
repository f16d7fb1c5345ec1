import type { Change, Row, Work } from "../sql/engine.ts";
import type { ObjectState } from "./object_state.ts";

/** Something to do with an object. */
export interface Operation {
  readonly kind: "save" | "destroy";
  readonly state: ObjectState;
}

interface PlannedChange extends Operation {
  readonly change: Change;
  /** What a save leaves in the database. */
  readonly row: Row;
}

/** Operations on objects as one transaction; objects learn of it once it is done. */
export class SavePlan implements Work {
  readonly #operations: readonly Operation[];
  #planned: PlannedChange[] = [];
  /** Those that were never saved: nothing must come of a later save. */
  #dropped: ObjectState[] = [];
  #seen = new Set<ObjectState>();

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
  }

  plan(): readonly Change[] {
    this.#planned = [];
    this.#dropped = [];
    this.#seen = new Set();
    for (const { kind, state } of this.#operations) {
      if (kind === "save") this.#save(state);
      else this.#destroy(state);
    }
    return this.#planned.map(({ change }) => change);
  }

  done(): void {
    for (const { kind, state, row } of this.#planned) {
      if (kind === "save") state.saved(row);
      else state.destroyed();
    }
    for (const state of this.#dropped) state.destroyed();
  }

  /** The operation behind a change. */
  at(index: number): Operation | undefined {
    return this.#planned[index];
  }

  /** What an object refers to is saved before it. */
  #save(state: ObjectState): void {
    if (this.#seen.has(state)) return;
    this.#seen.add(state);
    if (state.parents) {
      for (const parent of state.parents.values()) {
        if (parent) this.#save(parent);
      }
    }
    if (!state.isDirty) return;
    const { sql, layout } = state.model;
    const row = state.toRow();
    if (!state.isPersisted) {
      const change = { sql: sql.insert, args: row, mustFind: undefined };
      this.#planned.push({ kind: "save", state, row, change });
      return;
    }
    const { sql: text, args } = sql.update(state.id, state.changes);
    const change = { sql: text, args, mustFind: `${layout.title} "${state.id}"` };
    this.#planned.push({ kind: "save", state, row, change });
  }

  #destroy(state: ObjectState): void {
    if (state.isDestroyed) return;
    if (!state.isPersisted) return void this.#dropped.push(state);
    const change = { sql: state.model.sql.delete, args: [state.id], mustFind: undefined };
    this.#planned.push({ kind: "destroy", state, row: [], change });
  }
}
