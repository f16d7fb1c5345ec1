import type { CancelTimer, Clock } from "./clock.ts";

/** What is over sooner costs nothing. */
const lingerMs = 25;

/**
 * Runs actions for things that take longer than usual. One timer serves all of them: a short request
 * pays for neither a timer nor a listener of its own, which would be a fifth of its CPU.
 */
export class Lingering {
  readonly #clock: Clock;
  #fresh = new Set<() => void>();
  #aged = new Set<() => void>();
  #isScheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `action` after 25 to 50 ms, unless the returned function is called before. */
  add(action: () => void): CancelTimer {
    this.#fresh.add(action);
    this.#schedule();
    return () => void (this.#fresh.delete(action) || this.#aged.delete(action));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.after(lingerMs, () => this.#sweep());
  }

  /** What was added since the last sweep waits for the next, so that it waits 25 ms at least. */
  #sweep(): void {
    this.#isScheduled = false;
    const due = this.#aged;
    this.#aged = this.#fresh;
    this.#fresh = new Set();
    for (const action of due) action();
    if (this.#aged.size > 0) this.#schedule();
  }
}

/** Makes timers of half a second and more free for those who cancel them within 25 ms. */
export function lazyTimers(clock: Clock): Clock {
  const lingering = new Lingering(clock);
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    after: (delayMs, callback) =>
      delayMs < lazyFromMs
        ? clock.after(delayMs, callback)
        : afterLinger({ clock, lingering, delayMs, callback }),
  };
}

const lazyFromMs = 500;

function afterLinger({ clock, lingering, delayMs, callback }: {
  readonly clock: Clock;
  readonly lingering: Lingering;
  readonly delayMs: number;
  readonly callback: () => void;
}): CancelTimer {
  const dueMs = clock.monotonicMs() + delayMs;
  let cancel = lingering.add(() => {
    cancel = clock.after(Math.max(0, dueMs - clock.monotonicMs()), callback);
  });
  return () => cancel();
}
