import type { Clock } from "../base/clock.ts";
import { Buckets } from "./buckets.ts";

const everyMs = 250;
const msPerSecond = 1000;
const bounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Measures how much later than due the event loop gets to a timer. */
export class LoopLag {
  /** In seconds. */
  readonly lags = new Buckets(bounds);
  readonly #clock: Clock;
  #cancel = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wait();
  }

  stop(): void {
    this.#cancel();
  }

  #wait(): void {
    const dueMs = this.#clock.monotonicMs() + everyMs;
    this.#cancel = this.#clock.after(everyMs, () => {
      this.lags.add(Math.max(0, this.#clock.monotonicMs() - dueMs) / msPerSecond);
      this.#wait();
    });
  }
}
