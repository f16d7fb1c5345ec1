import type { CancelTimer, Clock } from "../base/clock.ts";
import type { Queue, Queued } from "./queue.ts";

/** Whoever stands in the queue for this long has not met a busy moment, but too few processes. */
const longWaitMs = 100;

/** What a watch tells. */
export interface LongWaitOptions<T extends Queued<T>> {
  readonly clock: Clock;
  readonly queue: Queue<T>;
  /** Called from time to time while somebody stands in the queue. */
  onLook(hasWaitedLong: boolean): void;
}

/** Watches whether the first in a queue is still the first a while later: no clock per request. */
export class LongWait<T extends Queued<T>> {
  readonly #options: LongWaitOptions<T>;
  #cancel: CancelTimer | undefined;

  constructor(options: LongWaitOptions<T>) {
    this.#options = options;
  }

  get isWatching(): boolean {
    return this.#cancel !== undefined;
  }

  /** Watches for as long as somebody stands in the queue. */
  watch(): void {
    const { clock, queue, onLook } = this.#options;
    const { first } = queue;
    if (this.#cancel || !first) return;
    this.#cancel = clock.after(longWaitMs, () => {
      this.#cancel = undefined;
      onLook(first.isQueued && first === queue.first);
      this.watch();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
