import type { CancelTimer, Clock } from "../base/clock.ts";

/** Answers faster than this are not watched at all: most never cost a listener. */
const sweepMs = 25;

/** One client waiting for its answer. */
export interface WatchedClient {
  readonly signal: () => AbortSignal;
  onGone(): void;
}

/**
 * Notices clients that leave. An abort listener on every request would cost a sixth of the CPU of a
 * short one, so a listener is added only to requests that are still open at the next sweep.
 */
export class ClientWatch {
  readonly #clock: Clock;
  #fresh = new Set<WatchedClient>();
  readonly #listening = new Map<WatchedClient, { signal: AbortSignal; onAbort: () => void }>();
  #cancelSweep: CancelTimer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts to watch a client; one that has left already is noticed at the next sweep. */
  add(client: WatchedClient): void {
    this.#fresh.add(client);
    this.#cancelSweep ??= this.#clock.after(sweepMs, () => this.#sweep());
  }

  /** Stops watching: the client has its answer. */
  delete(client: WatchedClient): void {
    if (this.#fresh.delete(client)) return;
    const listening = this.#listening.get(client);
    if (!listening) return;
    this.#listening.delete(client);
    listening.signal.removeEventListener("abort", listening.onAbort);
  }

  #sweep(): void {
    this.#cancelSweep = undefined;
    const fresh = this.#fresh;
    this.#fresh = new Set();
    for (const client of fresh) this.#listen(client);
  }

  #listen(client: WatchedClient): void {
    const signal = client.signal();
    if (signal.aborted) return client.onGone();
    const onAbort = () => {
      this.#listening.delete(client);
      client.onGone();
    };
    this.#listening.set(client, { signal, onAbort });
    signal.addEventListener("abort", onAbort, { once: true });
  }
}
