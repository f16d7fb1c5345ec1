import type { Clock } from "../base/clock.ts";
import { elapsedMs, markInUse, returnAfterMs, startWithinMs } from "../protocol/start_mark.ts";

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
  /** How many may run at once. */
  readonly places: number;
  /** This process's own monotonic clock, in milliseconds. */
  readonly clock: () => number;
  readonly after: Clock["after"];
  start(item: T): void;
  /** Calls back later in this turn, behind what has been written in it, and on nobody's behalf. */
  soon(callback: () => void): void;
  /** Asks the gateway whether the call is still ours. */
  ask(id: number): void;
  /** Asks the gateway for its time. */
  sync(): void;
  /**
   * Gives calls back which found no place: they have not been started and never will be. Where the
   * gateway hears of it after a later call shows in the mark, and the process dies, they count as
   * started.
   */
  giveBack(ids: readonly number[]): void;
}

interface Held<T> {
  readonly item: T;
  /** When it was sent, or answered for, on the gateway's clock. */
  sentMs: number;
}

/**
 * Starts calls in the order of their ids, as many at once as there are places, each exactly if the
 * gateway has not given it to another process: see `protocol/start_mark.ts`. What cannot be started is
 * held, in order; the first that is held waits for a place, or for an answer. What waits for a place is
 * started behind the answers of those that made it: it may block the process for ever.
 */
export class StartGate<T extends Startable> {
  readonly #options: StartGateOptions<T>;
  readonly #held: Held<T>[] = [];
  /** Whether the first that is held came too late to be started without a question. */
  #isAsked = false;
  #running = 0;
  #isStartDue = false;
  #isTimed = false;
  /** Since the last look at what is held. */
  #endedSinceLook = 0;
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

  /** Starts a call, or holds it until there is a place, or the gateway has said that it may. */
  offer(item: T): void {
    const sentMs = this.#sentMs;
    const mayStart = this.#held.length === 0 && this.#running < this.#options.places;
    if (mayStart && this.#start(item, sentMs)) return;
    this.#held.push({ item, sentMs });
    if (mayStart) this.#ask(item);
    else this.#giveBackLater();
  }

  /** One that was started has ended: there is a place. */
  ended(): void {
    this.#running -= 1;
    this.#endedSinceLook += 1;
    if (this.#held.length > 0) this.#startSoon();
  }

  /** A call that waits for its start. */
  find(id: number): T | undefined {
    return this.#held.find(({ item }) => item.id === id)?.item;
  }

  /** The call that was asked about is still ours. */
  go(): void {
    const [first] = this.#held;
    if (!first || !this.#isAsked) return;
    first.sentMs = this.#sentMs;
    this.#isAsked = false;
    this.#startHeld();
  }

  /** The call that was asked about has been given to another process. */
  drop(): void {
    if (!this.#isAsked) return;
    this.#held.shift();
    this.#isAsked = false;
    this.#startHeld();
  }

  #startSoon(): void {
    if (this.#isStartDue) return;
    this.#isStartDue = true;
    this.#options.soon(() => {
      this.#isStartDue = false;
      this.#startHeld();
    });
  }

  /** Starts what it may of what is held; what ends at once makes place for the next. */
  #startHeld(): void {
    while (!this.#isAsked && this.#running < this.#options.places) {
      const first = this.#held.shift();
      if (!first) return;
      if (this.#start(first.item, first.sentMs)) continue;
      this.#held.unshift(first);
      this.#ask(first.item);
    }
    if (this.#held.length > 0) this.#giveBackLater();
  }

  #start(item: T, sentMs: number): boolean {
    const { mark, start } = this.#options;
    if (mark) {
      const before = mark[1] ?? 0;
      mark[1] = item.id;
      if (elapsedMs(sentMs, this.#gatewayMs()) > startWithinMs) {
        mark[1] = before;
        return false;
      }
    }
    this.#running += 1;
    start(item);
    return true;
  }

  #ask({ id }: T): void {
    this.#isAsked = true;
    this.#options.ask(id);
  }

  /** The gateway's clock: it may be earlier there, but not later. */
  #gatewayMs(): number {
    return this.#options.clock() + this.#aheadMs;
  }

  /** One timer for all that is held. */
  #giveBackLater(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#endedSinceLook = 0;
    this.#options.after(returnAfterMs, () => {
      this.#isTimed = false;
      if (this.#isWaitingInVain()) this.#giveBackAll();
      if (this.#held.length > 0) this.#giveBackLater();
    });
  }

  /** All places are taken, and fewer have ended since the last look than wait now. */
  #isWaitingInVain(): boolean {
    const [first] = this.#held;
    if (!first || this.#isAsked || this.#running < this.#options.places) return false;
    const isOld = elapsedMs(first.sentMs, this.#gatewayMs()) >= returnAfterMs;
    return isOld && this.#endedSinceLook < this.#held.length;
  }

  /** All of it: what stayed would be started before what was sent earlier. */
  #giveBackAll(): void {
    this.#options.giveBack(this.#held.splice(0).map(({ item }) => item.id));
  }
}
