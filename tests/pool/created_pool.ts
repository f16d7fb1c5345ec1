import { silentLog } from "../../runtime/base/log.ts";
import {
  type PoolSettings,
  ReleasePool,
  type SlotRequest,
} from "../../runtime/pool/release_pool.ts";
import type { ProcessSlot } from "../../runtime/pool/process_slot.ts";
import type { Ending, Refusal } from "../../runtime/protocol/call.ts";
import { ManualClock } from "../manual_clock.ts";
import { callOf } from "../task/support.ts";
import { boot, type FakeWorkers, turn } from "./fake_workers.ts";

/** Somebody who asked for a place, and what came of it. */
class Asker implements SlotRequest {
  queuedBefore: SlotRequest | undefined;
  queuedAfter: SlotRequest | undefined;
  isQueued = false;
  slot: ProcessSlot | undefined;
  refusal: Refusal | undefined;
  ending: Ending | undefined;
  /** Whether it was given a place, or refused, at once. */
  isServed = false;
  readonly #pool: ReleasePool;
  readonly task: string;
  readonly concurrency: number | undefined;

  constructor(pool: ReleasePool, task: string, concurrency: number | undefined) {
    this.#pool = pool;
    this.task = task;
    this.concurrency = concurrency;
  }

  onSlot(slot: ProcessSlot): void {
    this.#requireOnce();
    this.slot = slot;
    slot.run({ ...callOf({ task: this.task }), onEnd: (ending) => this.onEnd(ending) });
  }

  onRefused(refusal: Refusal): void {
    this.#requireOnce();
    this.refusal = refusal;
  }

  onEnd(ending: Ending): void {
    if (this.ending) throw new Error("Cannot end a call twice");
    this.ending = ending;
  }

  /** Takes the request back. */
  cancel(): void {
    this.#pool.cancel(this);
  }

  #requireOnce(): void {
    if (this.slot || this.refusal) throw new Error("Cannot answer a request twice");
  }
}

/** A pool whose processes are played by the test. */
export function createPool(workers: FakeWorkers, settings: Partial<PoolSettings> = {}) {
  const clock = new ManualClock();
  const pool = new ReleasePool({
    platform: workers.platform,
    hub: workers.hub,
    clock,
    log: silentLog,
    boot,
    env: {},
    settings: { maxProcesses: 1, processConcurrency: 2, maxQueue: 10, ...settings },
    onOutput() {},
  });
  /** Asks for a place, and runs a call in it as soon as there is one. */
  const ask = (task = "hello", concurrency?: number): Asker => {
    const asker = new Asker(pool, task, concurrency);
    asker.isServed = pool.request(asker);
    return asker;
  };
  /** A pool with one process that is ready. */
  const warm = async () => {
    const described = pool.describe();
    await workers.last.start();
    await described;
    return workers.last;
  };
  return { clock, pool, ask, warm };
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
