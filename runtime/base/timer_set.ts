import type { CancelTimer, Clock } from "./clock.ts";

/** The timers of one thing, which end with it. */
export class TimerSet {
  readonly #clock: Clock;
  readonly #cancels = new Set<CancelTimer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back once after `delayMs`, unless it is cancelled before, alone or with all others. */
  after(delayMs: number, action: () => void): CancelTimer {
    const cancelTimer = this.#clock.after(delayMs, () => {
      this.#cancels.delete(cancel);
      action();
    });
    const cancel = () => {
      this.#cancels.delete(cancel);
      cancelTimer();
    };
    this.#cancels.add(cancel);
    return cancel;
  }

  cancelAll(): void {
    for (const cancel of [...this.#cancels]) cancel();
  }
}
