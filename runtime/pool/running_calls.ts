import type { OwnedCall } from "../protocol/call.ts";
import { takeBackAfterMs } from "../protocol/start_mark.ts";

/** The calls that a process has been sent and has not ended. */
export class RunningCalls {
  readonly #calls = new Map<number, OwnedCall>();
  readonly #countByTask = new Map<string, number>();
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
    return this.#countByTask.get(task) ?? 0;
  }

  ids(): Iterable<number> {
    return this.#calls.keys();
  }

  all(): readonly OwnedCall[] {
    return [...this.#calls.values()];
  }

  find(id: number): OwnedCall | undefined {
    return this.#calls.get(id);
  }

  /** Adds a call; returns its id, which is greater than those before. */
  add(call: OwnedCall): number {
    const id = this.#nextId++;
    this.#calls.set(id, call);
    this.#countByTask.set(call.task, this.countOf(call.task) + 1);
    return id;
  }

  /** Takes a call out; undefined when it is not there. */
  delete(id: number): OwnedCall | undefined {
    const call = this.#calls.get(id);
    if (!call) return undefined;
    this.#calls.delete(id);
    if (this.#letStartMs.size > 0) this.#letStartMs.delete(id);
    this.#countByTask.set(call.task, this.countOf(call.task) - 1);
    return call;
  }

  /**
   * Lets a call be started that came late to its worker, as though it had been sent now; false when it
   * is not there any more.
   */
  letStart(id: number, nowMs: number): boolean {
    if (!this.#calls.has(id)) return false;
    this.#letStartMs.set(id, nowMs);
    return true;
  }

  /** Takes out all of them. */
  takeAll(): readonly OwnedCall[] {
    const calls = this.all();
    this.#calls.clear();
    this.#letStartMs.clear();
    this.#countByTask.clear();
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
    for (const [id, call] of this.#calls) {
      if (id <= lastStarted || !isTaken(id, call)) continue;
      this.delete(id);
      taken.push(call);
    }
    return taken;
  }
}
