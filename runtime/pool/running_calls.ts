import { RuntimeError } from "../base/errors.ts";
import { IdTable } from "../base/id_table.ts";
import type { OwnedCall } from "../protocol/call.ts";
import { takeBackAfterMs } from "../protocol/start_mark.ts";
import { SendAhead, type SendAheadOptions } from "./send_ahead.ts";

/** How much a process has to do. */
export type CallLoad = Pick<
  RunningCalls,
  "size" | "total" | "capacity" | "countOf" | "idleMs"
>;

/** The calls that a process has been sent and has not ended, and how many it takes. */
export class RunningCalls {
  readonly #options: SendAheadOptions;
  readonly #calls = new IdTable<OwnedCall>();
  /** Calls that came late to their worker, and when it was told that it may start them after all. */
  readonly #letStartMs = new Map<number, number>();
  #nextId = 1;
  /** Undefined while nothing is sent ahead at all. */
  #ahead: SendAhead | undefined;
  #idleSinceMs: number;

  constructor(options: SendAheadOptions) {
    this.#options = options;
    this.#idleSinceMs = options.clock.monotonicMs();
  }

  get size(): number {
    return this.#calls.size;
  }

  /** How many there have been. */
  get total(): number {
    return this.#nextId - 1;
  }

  /** How many there may be: those that run, and a few that wait in the process for their place. */
  get capacity(): number {
    return this.#options.processConcurrency + (this.#ahead?.most ?? 0);
  }

  /** How long there has been none. */
  idleMs(nowMs: number): number {
    return this.size > 0 ? 0 : nowMs - this.#idleSinceMs;
  }

  /** The process takes calls from now on; calls wait in it only if it shows which it has started. */
  open({ showsStarts }: { readonly showsStarts: boolean }): void {
    this.#idleSinceMs = this.#options.clock.monotonicMs();
    if (showsStarts) this.#ahead = new SendAhead(this.#options);
  }

  /** Those of one task. */
  countOf(task: string): number {
    return this.#calls.count((call) => call.task === task);
  }

  ids(): readonly number[] {
    return this.#calls.ids();
  }

  /** Those that have been started, as the number of the last one tells. */
  startedUpTo(lastStarted: number): readonly OwnedCall[] {
    return this.#calls.ids().flatMap((id) => id <= lastStarted ? this.find(id) ?? [] : []);
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

  /** Takes a call out that has ended; undefined when it is not there. */
  end(id: number): OwnedCall | undefined {
    if (this.size >= this.#options.processConcurrency) this.#ahead?.ended();
    return this.#delete(id);
  }

  /**
   * Takes out those that found no place, in the order given; some may not be there any more.
   * @throws {RuntimeError} `bad_message` when there was a place: the call would come back for ever.
   */
  takeReturned(ids: readonly number[]): OwnedCall[] {
    this.#ahead?.failed();
    return ids.flatMap((id) => {
      if (!this.#calls.find(id)) return [];
      if (this.size > this.#options.processConcurrency) return this.#delete(id) ?? [];
      throw new RuntimeError("bad_message", `Cannot take call ${id} back: there is a place for it`);
    });
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
    const calls = this.#calls.items();
    this.#calls.clear();
    this.#letStartMs.clear();
    return calls;
  }

  /** Takes out what a blocked process cannot start any more, in order. */
  takeUnstarted(lastStarted: number, nowMs: number): OwnedCall[] {
    this.#ahead?.failed();
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
      this.#delete(id);
      taken.push(call);
    }
    return taken;
  }

  #delete(id: number): OwnedCall | undefined {
    if (this.#letStartMs.size > 0) this.#letStartMs.delete(id);
    const call = this.#calls.delete(id);
    if (call && this.size === 0) this.#idleSinceMs = this.#options.clock.monotonicMs();
    return call;
  }
}
