import { IdTable } from "../base/id_table.ts";
import type { OwnedCall } from "../protocol/call.ts";
import { takeBackAfterMs } from "../protocol/start_mark.ts";

/** The calls that a process has been sent and has not ended. */
export class RunningCalls {
  readonly #calls = new IdTable<OwnedCall>();
  /** Calls that came late to their worker, and when it was told that it may start them after all. */
  readonly #letStartMs = new Map<number, number>();
  #nextId = 1;

  get size(): number {
    return this.#calls.size;
  }

  /** How many there have been. */
  get total(): number {
    return this.#nextId - 1;
  }

  /** Those of one task. */
  countOf(task: string): number {
    return this.#calls.count((call) => call.task === task);
  }

  ids(): readonly number[] {
    return this.#calls.ids();
  }

  all(): readonly OwnedCall[] {
    return this.#calls.items();
  }

  find(id: number): OwnedCall | undefined {
    return this.#calls.find(id);
  }

  /** Adds a call; returns its id, which is greater than those before. */
  add(call: OwnedCall): number {
    const id = this.#nextId++;
    this.#calls.add(id, call);
    return id;
  }

  /** Takes a call out; undefined when it is not there. */
  delete(id: number): OwnedCall | undefined {
    if (this.#letStartMs.size > 0) this.#letStartMs.delete(id);
    return this.#calls.delete(id);
  }

  /**
   * Lets a call be started that came late to its worker, as though it had been sent now; false when it
   * is not there any more.
   */
  letStart(id: number, nowMs: number): boolean {
    if (!this.#calls.find(id)) return false;
    this.#letStartMs.set(id, nowMs);
    return true;
  }

  /** Takes out all of them. */
  takeAll(): readonly OwnedCall[] {
    const calls = this.all();
    this.#calls.clear();
    this.#letStartMs.clear();
    return calls;
  }

  /** Takes out what a blocked process cannot start any more, in order. */
  takeUnstarted(lastStarted: number, nowMs: number): OwnedCall[] {
    const sentMs = (id: number, call: OwnedCall) => this.#letStartMs.get(id) ?? call.sentMs;
    const isOld = (id: number, call: OwnedCall) => nowMs - sentMs(id, call) >= takeBackAfterMs;
    return this.#takeAfter(lastStarted, isOld);
  }

  /** Takes out what a dead process has not started, in order. */
  takeNeverStarted(lastStarted: number): OwnedCall[] {
    return this.#takeAfter(lastStarted, () => true);
  }

  #takeAfter(
    lastStarted: number,
    isTaken: (id: number, call: OwnedCall) => boolean,
  ): OwnedCall[] {
    const taken: OwnedCall[] = [];
    for (const id of this.#calls.ids()) {
      const call = this.#calls.find(id);
      if (!call || id <= lastStarted || !isTaken(id, call)) continue;
      this.delete(id);
      taken.push(call);
    }
    return taken;
  }
}
