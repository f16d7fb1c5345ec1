import { ChangeFailed } from "../sql/errors.ts";
import { show } from "../values/show.ts";
import { CrudError } from "./crud_error.ts";
import type { ObjectState } from "./object_state.ts";
import { type Operation, SavePlan } from "./save_plan.ts";
import type { Session } from "./session.ts";

const maxObjects = 100_000;

/** Changes that happen together: all of them or none. */
export class Batch {
  readonly #session: Session;
  readonly #operations = new Map<ObjectState, Operation["kind"]>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Adds an object to save. */
  save(object: unknown): void {
    const state = this.#stateOf(object, "save");
    if (!this.#operations.has(state)) this.#operations.set(state, "save");
  }

  /** Adds an object to destroy, in place of saving it. */
  destroy(object: unknown): void {
    const state = this.#stateOf(object, "destroy");
    this.#operations.delete(state);
    this.#operations.set(state, "destroy");
  }

  /**
   * Does everything that was added, in its order and in one transaction.
   * @throws {CrudError} when something does not work; then nothing is done.
   */
  async execute(): Promise<void> {
    const operations = [...this.#operations].map(([state, kind]) => ({ state, kind }));
    const plan = new SavePlan(operations);
    try {
      await this.#session.write(plan);
    } catch (error) {
      if (!(error instanceof ChangeFailed)) throw error;
      const failed = error.index === undefined ? undefined : plan.at(error.index);
      const state = failed?.state ?? operations[0]?.state;
      const object = state && this.#session.toObject(state);
      throw new CrudError([{ object, operation: failed?.kind ?? "save", error: error.reason }]);
    }
    // What was added while it was running is left for the next time.
    for (const { state, kind } of operations) {
      if (this.#operations.get(state) === kind) this.#operations.delete(state);
    }
  }

  #stateOf(object: unknown, doing: string): ObjectState {
    const state = this.#session.stateOf(object);
    if (state === undefined) {
      throw new TypeError(`Cannot ${doing} in a batch: give an object of DB: got ${show(object)}`);
    }
    if (this.#operations.size >= maxObjects && !this.#operations.has(state)) {
      throw new RangeError(`Cannot add to a batch as it must have <= ${maxObjects} objects`);
    }
    return state;
  }
}
