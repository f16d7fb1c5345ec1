import type { CancelTimer, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { readRssBytes } from "./memory.ts";
import type { PoolSettings } from "./pool_settings.ts";
import type { EndCause } from "./process_end.ts";
import type { WorkerProcess } from "./worker_process.ts";

/** Between two looks at processes that run something. */
const busyMs = 100;
/** Between two looks otherwise, and between two looks at age and memory. */
const quietMs = 1_000;
/** A look this much too late finds unread what the processes have sent in the meantime. */
const lateMs = 50;
/** For what has piled up to be read. */
const catchUpMs = 5;

/** What upkeep needs of the pool it belongs to. */
export interface UpkeepOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: PoolSettings;
  /** Reads how much memory a process uses. */
  readonly readRss?: (pid: number) => number | undefined;
  processes(): readonly WorkerProcess[];
  /** Whether a process may be ended for having nothing to do. */
  isSpare(process: WorkerProcess): boolean;
  /** Whether a process that is worn out may be replaced now. */
  mayRecycle(process: WorkerProcess): boolean;
  /** A process takes no more calls that had some to run. */
  onRecycled(): void;
}

/** Looks after the processes of a pool: whether they answer, their memory, their age, their idleness. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  #cancel: CancelTimer | undefined;
  #dueMs = 0;
  #isBusy = false;
  #looked = { wearMs: 0 };

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** Something runs, or a process has been started: looks as often as that needs. */
  wake(isBusy: boolean): void {
    if (this.#cancel && (this.#isBusy || !isBusy)) return;
    this.#cancel?.();
    this.#schedule(isBusy);
  }

  /** Looks no more, until it is woken. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(isBusy: boolean): void {
    const { clock } = this.#options;
    const delayMs = isBusy ? busyMs : quietMs;
    // A look may have led to a start, which has woken it already.
    this.#cancel?.();
    this.#isBusy = isBusy;
    this.#dueMs = clock.monotonicMs() + delayMs;
    this.#cancel = clock.after(delayMs, () => this.#lookInTime());
  }

  /** Silence counts only once what has come while this process did not turn has been read. */
  #lookInTime(): void {
    const { clock } = this.#options;
    if (clock.monotonicMs() - this.#dueMs < lateMs) return this.#look();
    this.#cancel = clock.after(catchUpMs, () => this.#look());
  }

  #look(): void {
    this.#cancel = undefined;
    const { clock, processes } = this.#options;
    const nowMs = clock.monotonicMs();
    for (const process of processes()) process.watch(nowMs);
    if (nowMs - this.#looked.wearMs >= quietMs) this.#lookAtWear(nowMs);
    const left = processes();
    if (left.length > 0) this.#schedule(left.some(({ calls }) => calls.size > 0));
  }

  #lookAtWear(nowMs: number): void {
    this.#looked.wearMs = nowMs;
    for (const process of this.#options.processes()) {
      const cause = this.#findCause(process, nowMs);
      if (cause) this.#retire(process, cause);
    }
  }

  #retire(process: WorkerProcess, cause: EndCause): void {
    const { log, onRecycled } = this.#options;
    const wasBusy = process.calls.size > 0;
    process.retire(cause);
    if (cause !== "idle") log.info("worker.recycled", { pid: process.pid, cause });
    if (wasBusy) onRecycled();
  }

  /** Why a process is to make way, if it is; one over its memory limit is ended here. */
  #findCause(process: WorkerProcess, nowMs: number): EndCause | undefined {
    const { settings, isSpare, mayRecycle, readRss = readRssBytes } = this.#options;
    const rssBytes = readRss(process.pid) ?? 0;
    if (rssBytes > settings.maxRssBytes) {
      const used = `${toMiB(rssBytes)} of at most ${toMiB(settings.maxRssBytes)} MiB`;
      process.kill({
        cause: "memory",
        code: "memory",
        state: "KILLED",
        message: `memory: it used ${used} (maxRss)`,
      });
      return undefined;
    }
    if (process.state !== "ready" && process.state !== "stalled") return undefined;
    const isLarge = rssBytes > settings.recycleRssBytes;
    const isWorn = process.calls.total >= settings.maxInvocations ||
      nowMs - process.startedMs >= settings.maxAgeMs;
    if ((isLarge || isWorn) && mayRecycle(process)) return isLarge ? "memory" : "worn";
    const isIdle = process.calls.idleMs(nowMs) >= settings.idleMs && isSpare(process);
    return isIdle ? "idle" : undefined;
  }
}

function toMiB(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
