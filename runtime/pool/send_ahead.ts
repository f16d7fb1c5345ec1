/** A call that ends within this long, its wait for a place included, was turned over quickly. */
const quickMs = 10;
/** So many in a row show that a process turns calls over quickly. */
const provenAfter = 32;
/** Calls that may wait in a process for each that runs. */
const waitingPerPlace = 3;

/**
 * How many calls a process is sent beyond those it runs at once. They wait in the worker, which starts
 * the next as soon as one ends, instead of in the queue, from where it would come a round trip later;
 * and one batch holds more of them, which is what a round trip costs. It pays with a process that
 * turns calls over quickly. Where one turns out to be slow, the worker gives back what waits.
 */
export class SendAhead {
  readonly #most: number;
  #quickInARow = 0;

  constructor(processConcurrency: number) {
    this.#most = waitingPerPlace * processConcurrency;
  }

  /** How many calls may wait in the process. */
  get most(): number {
    return Math.min(this.#most, Math.max(0, this.#quickInARow - provenAfter));
  }

  /** A call has ended, so long after it was sent, while all places were taken. */
  ended(tookMs: number): void {
    if (tookMs > quickMs) this.#quickInARow = 0;
    else if (this.#quickInARow < provenAfter + this.#most) this.#quickInARow += 1;
  }

  /** A call has waited in vain. */
  failed(): void {
    this.#quickInARow = 0;
  }
}
