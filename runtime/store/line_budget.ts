import type { Clock } from "../base/clock.ts";

const secondMs = 1_000;

/** Lets so many lines through in a second, and counts the others. */
export class LineBudget {
  readonly #linesPerSecond: number;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #second = -1;
  #taken = 0;
  #omitted = 0;

  constructor(linesPerSecond: number, clock: Pick<Clock, "monotonicMs">) {
    this.#linesPerSecond = linesPerSecond;
    this.#clock = clock;
  }

  /** How many lines were left out since the last; undefined when this one is to be left out, too. */
  take(): number | undefined {
    const second = Math.floor(this.#clock.monotonicMs() / secondMs);
    if (second !== this.#second) [this.#second, this.#taken] = [second, 0];
    if (this.#taken >= this.#linesPerSecond) {
      this.#omitted += 1;
      return undefined;
    }
    this.#taken += 1;
    const omitted = this.#omitted;
    this.#omitted = 0;
    return omitted;
  }
}
