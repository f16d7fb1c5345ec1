import { type Log, type LogFields, silentLog } from "../../runtime/base/log.ts";
import type { BrokenSlot } from "../../runtime/pool/broken_slot.ts";
import type { PoolSettings } from "../../runtime/pool/pool_settings.ts";
import type { ProcessSlot } from "../../runtime/pool/process_slot.ts";
import { ReleasePool } from "../../runtime/pool/release_pool.ts";
import type { SlotRequest } from "../../runtime/pool/pool_options.ts";
import type { EndCause } from "../../runtime/pool/process_end.ts";
import { StartTurns } from "../../runtime/pool/start_turns.ts";
import type { Ending, Refusal } from "../../runtime/protocol/call.ts";
import { ManualClock } from "../manual_clock.ts";
import { callOf } from "../task/support.ts";
import { boot, type FakeWorkers, turn } from "./fake_workers.ts";

/** The settings of most tests: one small process, and nothing that wears out. */
export const settings: PoolSettings = {
  minProcesses: 0,
  maxProcesses: 1,
  maxAttemptProcesses: 2,
  maxOverdueProcesses: 2,
  processConcurrency: 2,
  maxQueue: 10,
  idleMs: 3_600_000,
  maxInvocations: 1_000_000,
  maxAgeMs: 86_400_000,
  recycleRssBytes: 512 * 2 ** 20,
  maxRssBytes: 2 ** 30,
};

/** Whoever stands in the queue for this long is worth another process. */
export const longWaitMs = 100;

/** What an asker wants. */
interface Wish {
  readonly task: string;
  readonly concurrency: number | undefined;
  readonly needsNewProcess: boolean;
}

/** Somebody who asked for a place, and what came of it. */
class Asker implements SlotRequest {
  queuedBefore: SlotRequest | undefined;
  queuedAfter: SlotRequest | undefined;
  isQueued = false;
  slot: ProcessSlot | BrokenSlot | undefined;
  refusal: Refusal | undefined;
  ending: Ending | undefined;
  /** Whether it was given a place, or refused, at once. */
  isServed = false;
  /** How often its process has given the call back. */
  returns = 0;
  readonly #pool: ReleasePool;
  readonly #clock: ManualClock;
  readonly task: string;
  readonly concurrency: number | undefined;
  readonly needsNewProcess: boolean;

  constructor(pool: ReleasePool, { wish, clock }: { wish: Wish; clock: ManualClock }) {
    this.#pool = pool;
    this.#clock = clock;
    this.task = wish.task;
    this.concurrency = wish.concurrency;
    this.needsNewProcess = wish.needsNewProcess;
  }

  onSlot(slot: ProcessSlot | BrokenSlot): void {
    this.#requireOnce();
    this.slot = slot;
    slot.run({
      ...callOf({ task: this.task }),
      sentMs: this.#clock.monotonicMs(),
      onEnd: (ending) => this.#onEnd(ending),
      onReturned: () => this.#onReturned(),
    });
  }

  onRefused(refusal: Refusal): void {
    this.#requireOnce();
    this.refusal = refusal;
  }

  /** Asks, where that was only announced. */
  request(): void {
    this.isServed = this.#pool.request(this);
  }

  /** Takes the request back. */
  cancel(): void {
    this.#pool.cancel(this);
  }

  #onEnd(ending: Ending): void {
    if (this.ending) throw new Error("Cannot end a call twice");
    this.ending = ending;
  }

  #onReturned(): void {
    if (this.ending) throw new Error("Cannot give a call back that has ended");
    this.slot = undefined;
    this.returns += 1;
    this.#pool.requestAgain(this);
  }

  #requireOnce(): void {
    if (this.slot || this.refusal) throw new Error("Cannot answer a request twice");
  }
}

/** A pool whose processes are played by the test. */
export function createPool(
  workers: FakeWorkers,
  { turns = new StartTurns(Infinity), ...options }: Partial<PoolSettings> & {
    readonly turns?: StartTurns;
  } = {},
) {
  const clock = new ManualClock();
  const causes: EndCause[] = [];
  const logged: (readonly [string, LogFields | undefined])[] = [];
  const note = (event: string, fields?: LogFields) => void logged.push([event, fields]);
  const log: Log = { ...silentLog, info: note, warn: note };
  /** How much memory processes use. */
  const rss = new Map<number, number>();
  const pool = new ReleasePool({
    platform: workers.platform,
    hub: workers.hub,
    clock,
    log,
    memoryGroups: undefined,
    turns,
    boot,
    env: {},
    settings: { ...settings, ...options },
    readRss: (pid) => rss.get(pid),
    onOutput() {},
    onProcessEnded: (cause) => void causes.push(cause),
  });
  const create = (wish: Partial<Wish>) =>
    new Asker(pool, {
      clock,
      wish: { task: "hello", concurrency: undefined, needsNewProcess: false, ...wish },
    });
  /** Asks for a place, and runs a call in it as soon as there is one. */
  const ask = (task = "hello", concurrency?: number): Asker => {
    const asker = create({ task, concurrency });
    asker.request();
    return asker;
  };
  /** Asks for a process that has never run anything. */
  const askNew = (task = "hello"): Asker => {
    const asker = create({ task, needsNewProcess: true });
    asker.request();
    return asker;
  };
  /** Announces that somebody will ask for a new process. */
  const announce = (task = "hello"): Asker => {
    const asker = create({ task, needsNewProcess: true });
    pool.expect(asker);
    return asker;
  };
  /** A pool with one process that is ready. */
  const warm = async () => {
    const described = pool.describe();
    await workers.last.start();
    await described;
    return workers.last;
  };
  return { clock, pool, causes, logged, rss, ask, askNew, announce, warm };
}

/** The process each was given a place in. */
export function placesOf(askers: readonly Asker[]): (number | undefined)[] {
  return askers.map(({ slot }) => slot?.pid);
}

/** Whether a promise has settled by now. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  void promise.finally(() => {
    isSettled = true;
  });
  await turn();
  return isSettled;
}
