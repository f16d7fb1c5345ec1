import { elapsedMs, markInUse, startWithinMs } from "../protocol/start_mark.ts";

/** A round trip that takes longer says too little about the other side's clock. */
const goodRoundTripMs = 20;

/** What waits for its start. */
export interface Startable {
  readonly id: number;
}

/** What a gate needs of the worker it belongs to. */
export interface StartGateOptions<T extends Startable> {
  /** The two words the gateway reads; `undefined` where the system has no memory to share. */
  readonly mark: Uint32Array | undefined;
  /** This process's own monotonic clock, in milliseconds. */
  readonly clock: () => number;
  start(item: T): void;
  /** Asks the gateway whether the call is still ours. */
  ask(id: number): void;
  /** Asks the gateway for its time. */
  sync(): void;
}

/**
 * Starts calls in the order of their ids, each exactly if the gateway has not given it to another
 * process: see `protocol/start_mark.ts`.
 */
export class StartGate<T extends Startable> {
  readonly #options: StartGateOptions<T>;
  /** Calls that came too late to be started without a question, in order. */
  readonly #held: T[] = [];
  /** When the calls that come now were sent, on the gateway's clock. */
  #sentMs = 0;
  /** The gateway's clock is at most this far ahead of ours. */
  #aheadMs = 0;
  #askedClockMs = 0;

  constructor(options: StartGateOptions<T>) {
    this.#options = options;
    if (options.mark) options.mark[0] = markInUse;
  }

  /** Asks for the gateway's clock. */
  sync(): void {
    this.#askedClockMs = this.#options.clock();
    this.#options.sync();
  }

  /** The answer to `sync`. INVARIANT: it comes before the first call. */
  synced(gatewayMs: number): void {
    // It was read after we had asked: at that moment it was no further ahead than this.
    this.#aheadMs = Math.ceil(gatewayMs - this.#askedClockMs);
    const roundTripMs = this.#options.clock() - this.#askedClockMs;
    if (roundTripMs > goodRoundTripMs) this.sync();
  }

  /** What comes next was sent at this time of the gateway's. */
  sentAt(gatewayMs: number): void {
    this.#sentMs = gatewayMs;
  }

  /** Starts a call, or holds it until the gateway has said that it may. */
  offer(item: T): void {
    if (this.#held.length === 0 && this.#start(item)) return;
    this.#held.push(item);
    if (this.#held.length === 1) this.#options.ask(item.id);
  }

  /** A call that waits for its start. */
  find(id: number): T | undefined {
    return this.#held.find((item) => item.id === id);
  }

  /** The first call held is still ours. */
  go(): void {
    const [first] = this.#held;
    if (!first) return;
    if (this.#start(first)) this.drop();
    else this.#options.ask(first.id);
  }

  /** The first call held has been started, or given to another process: the next may be asked for. */
  drop(): void {
    this.#held.shift();
    const [next] = this.#held;
    if (next) this.#options.ask(next.id);
  }

  #start(item: T): boolean {
    const { mark, clock, start } = this.#options;
    if (mark) {
      const before = mark[1] ?? 0;
      mark[1] = item.id;
      if (elapsedMs(this.#sentMs, clock() + this.#aheadMs) > startWithinMs) {
        mark[1] = before;
        return false;
      }
    }
    start(item);
    return true;
  }
}
