import type { CancelTimer, Clock } from "./clock.ts";

/** What is over sooner costs nothing. */
const lingerMs = 25;
/** Timers shorter than this are set at once. */
const lazyFromMs = 500;

/** Something that may be over before anybody has to care. */
interface Lingerer {
  action: (() => void) | undefined;
}

/**
 * Runs actions for things that take longer than usual. One timer serves all of them: a short request
 * pays for neither a timer nor a listener of its own, which would be a fifth of its CPU.
 */
export class Lingering {
  readonly #clock: Clock;
  #fresh: Lingerer[] = [];
  #aged: Lingerer[] = [];
  #isScheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `action` after 25 to 50 ms, unless the returned function is called before. */
  add(action: () => void): CancelTimer {
    const lingerer: Lingerer = { action };
    this.#fresh.push(lingerer);
    if (!this.#isScheduled) this.#schedule();
    return () => {
      lingerer.action = undefined;
    };
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.#clock.after(lingerMs, () => this.#sweep());
  }

  /** What was added since the last sweep waits for the next, so that it waits 25 ms at least. */
  #sweep(): void {
    this.#isScheduled = false;
    const due = this.#aged;
    this.#aged = this.#fresh;
    this.#fresh = [];
    for (const { action } of due) action?.();
    if (this.#aged.length > 0 && !this.#isScheduled) this.#schedule();
  }
}

/** Makes timers of half a second and more free for those who cancel them within 25 ms. */
export function lazyTimers(clock: Clock): Clock {
  const lingering = new Lingering(clock);
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    after(delayMs, callback) {
      if (delayMs < lazyFromMs) return clock.after(delayMs, callback);
      const dueMs = clock.monotonicMs() + delayMs;
      let cancel = lingering.add(() => {
        cancel = clock.after(Math.max(0, dueMs - clock.monotonicMs()), callback);
      });
      return () => cancel();
    },
  };
}
