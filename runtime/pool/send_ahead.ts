import type { Clock } from "../base/clock.ts";

/**
 * When as many calls end within this time as a process has places, it is quick: what waits for its
 * place, `waitingPerPlace` such rounds at most, starts before `returnAfterMs`.
 */
const quickMs = 5;
/** So many calls that were turned over quickly prove a process quick. */
const provenAfter = 32;
/** Calls that may wait in a process for each that runs. */
const waitingPerPlace = 3;
/** And in all: larger batches would save nothing more. */
const mostWaiting = 64;

/** What is known of a process before its first call. */
export interface SendAheadOptions {
  readonly clock: Clock;
  /** How many invocations it runs at once. */
  readonly processConcurrency: number;
}

/**
 * How many calls a process is sent beyond those it runs at once. They wait in the worker, which starts
 * the next as soon as one ends, instead of in the queue, from where it would come a round trip later;
 * and one batch holds more of them, which is what a round trip costs. It pays with a process that
 * turns calls over quickly. Where one turns out to be slow, the worker gives back what waits.
 */
export class SendAhead {
  readonly #options: SendAheadOptions;
  /** Grows with each call of a quick round; what is beyond `provenAfter` may be sent ahead. */
  #credit = 0;
  /** Calls that have ended in this round, of as many as there are places. */
  #ends = 0;
  #roundMs = -Infinity;

  constructor(options: SendAheadOptions) {
    this.#options = options;
  }

  /** How many calls may wait in the process. */
  get most(): number {
    return Math.max(0, this.#credit - provenAfter);
  }

  /** A call has ended while all places were taken. */
  ended(): void {
    const { clock, processConcurrency } = this.#options;
    this.#ends += 1;
    if (this.#ends < processConcurrency) return;
    const nowMs = clock.monotonicMs();
    this.#endRound(nowMs - this.#roundMs <= quickMs);
    this.#roundMs = nowMs;
  }

  /** A call has waited in vain. */
  failed(): void {
    this.#credit = 0;
  }

  /** After a slow one, nothing is sent ahead until the next quick one. */
  #endRound(isQuick: boolean): void {
    const { processConcurrency } = this.#options;
    const waiting = Math.min(mostWaiting, waitingPerPlace * processConcurrency);
    this.#credit = isQuick
      ? Math.min(provenAfter + waiting, this.#credit + this.#ends)
      : Math.min(provenAfter, this.#credit);
    this.#ends = 0;
  }
}
