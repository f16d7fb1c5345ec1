import type { CancelTimer, Clock } from "../runtime/base/clock.ts";

/** More timers at one moment are timers that set each other for ever. */
const maxTimersAtOnce = 1_000;

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it on. */
export class ManualClock implements Clock {
  /** Far from the monotonic time, so that mixing the two up shows. */
  readonly #wallOffsetMs = 1_700_000_000_000;
  readonly #timers = new Set<Timer>();
  #nowMs = 1_000;

  /** Timers that are set and not over. */
  get pending(): number {
    return this.#timers.size;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves on, running what falls due in its order and at its time. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    let ranAtOnce = 0;
    for (let next = this.#firstDue(endMs); next; next = this.#firstDue(endMs)) {
      ranAtOnce = next.dueMs > this.#nowMs ? 1 : ranAtOnce + 1;
      if (ranAtOnce > maxTimersAtOnce) {
        throw new Error(`Cannot advance: more than ${maxTimersAtOnce} timers ran at one moment`);
      }
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
    this.#nowMs = endMs;
  }

  #firstDue(endMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (!first || timer.dueMs < first.dueMs)) first = timer;
    }
    return first;
  }
}
