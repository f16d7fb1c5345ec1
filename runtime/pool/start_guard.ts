import type { Clock } from "../base/clock.ts";
import type { Failure, Refusal } from "../protocol/call.ts";

/** Early deaths in a row after which calls are refused instead of tried. */
const maxEarlyDeaths = 3;
const firstBackOffMs = 1_000;
const maxBackOffMs = 60_000;

/**
 * Stops a pool from starting processes that die before they are ready. One early death may be
 * chance; three in a row mean that the next would die, too. Then one more is tried from time to
 * time, ever more seldom.
 */
export class StartGuard {
  readonly #clock: Clock;
  #deaths = 0;
  #lastFailure: Failure | undefined;
  #retryAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why the last process did not start, while none has since. */
  get lastFailure(): Failure | undefined {
    return this.#lastFailure;
  }

  /** A process has become ready. */
  succeeded(): void {
    this.#deaths = 0;
    this.#lastFailure = undefined;
  }

  /** A process has died early; returns how many have in a row. */
  failed(failure: Failure): number {
    this.#deaths += 1;
    this.#lastFailure = failure;
    const exponent = this.#deaths - maxEarlyDeaths;
    const backOffMs = Math.min(firstBackOffMs * 2 ** Math.max(0, exponent), maxBackOffMs);
    this.#retryAtMs = this.#clock.monotonicMs() + backOffMs;
    return this.#deaths;
  }

  /** Why no process is to be started now; undefined when one may be. */
  refusal(): Refusal | undefined {
    if (this.#deaths < maxEarlyDeaths || !this.#lastFailure) return undefined;
    const retryAfterMs = this.#retryAtMs - this.#clock.monotonicMs();
    if (retryAfterMs <= 0) return undefined;
    return { kind: "unavailable", failure: this.#lastFailure, retryAfterMs };
  }
}
