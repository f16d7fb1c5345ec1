import type { Failure, OwnedCall, Refusal, TaskShape } from "../protocol/call.ts";
import type { AbortReason } from "../protocol/messages.ts";
import { Drain } from "./drain.ts";
import { LongWait } from "./long_wait.ts";
import { Newcomers } from "./newcomers.ts";
import type { PoolOptions, PoolSnapshot, SlotRequest } from "./pool_options.ts";
import { isWelcome, type ProcessEnd, serverStops } from "./process_end.ts";
import { Queue } from "./queue.ts";
import { Roster } from "./roster.ts";
import { wantsProcess } from "./scaling.ts";
import { SlotFinder } from "./slot_finder.ts";
import { Starter } from "./starter.ts";
import { type DescribePlan, TaskShapes } from "./task_shapes.ts";
import { Upkeep } from "./upkeep.ts";
import type { WorkerProcess } from "./worker_process.ts";

/**
 * The worker processes of one release of one deployment, and the queue in front of them. First
 * attempts share the processes of the pool; each further attempt gets a process of its own, new and
 * for it alone.
 */
export class ReleasePool {
  readonly #options: PoolOptions;
  readonly #shapes: TaskShapes;
  readonly #starter: Starter;
  readonly #upkeep: Upkeep;
  readonly #queue = new Queue<SlotRequest>();
  readonly #newcomers = new Newcomers();
  readonly #roster = new Roster();
  readonly #slots: SlotFinder;
  readonly #longWait: LongWait<SlotRequest>;
  readonly #drain: Drain;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { settings } = options;
    this.#shapes = new TaskShapes(Object.keys(options.boot.tasks), {
      onWanted: () => this.#startWhereNeeded(),
      describers: () => this.#roster.describers,
    });
    this.#starter = new Starter(options, {
      onFailed: () => this.#startWhereNeeded(),
      onRefused: (refusal) => this.#refuseFirstAttempts(refusal),
      onRetry: () => this.#startWhereNeeded(),
    });
    this.#slots = new SlotFinder({
      roster: this.#roster,
      shapes: this.#shapes,
      queue: this.#queue,
      newcomers: this.#newcomers,
      onFound: () => this.#upkeep.wake(true),
    });
    this.#longWait = new LongWait({
      clock: options.clock,
      queue: this.#queue,
      onLook: (hasWaitedLong) => this.#startShared(hasWaitedLong),
    });
    this.#drain = new Drain({
      // Whoever may yet come has to know what tasks export.
      isNeeded: (isHeld) =>
        this.#queue.size + this.#newcomers.size + (isHeld ? this.#shapes.taskWaiterCount : 0) > 0,
      isEmpty: () => this.#roster.size === 0,
      retireAll: () => {
        this.#shapes.giveUp();
        for (const process of this.#roster.all) process.retire();
      },
    });
    this.#upkeep = new Upkeep({
      ...options,
      processes: () => this.#roster.all,
      isSpare: (process) =>
        this.#roster.isSpare(process, {
          minShared: settings.minProcesses,
          minUnused: this.#newcomers.size,
        }),
      mayRecycle: (process) => this.#roster.mayReplace(process, settings.maxOverdueProcesses),
      // Its share of the work is there, so that its successor will be needed.
      onRecycled: () => this.#isOpen && this.#addShared(),
    });
  }

  /** What the tasks export, once processes have loaded all of them. */
  get shapes(): ReadonlyMap<string, TaskShape> | undefined {
    return this.#shapes.all;
  }

  /** Why the last process did not start, while none has since. */
  get startFailure(): Failure | undefined {
    return this.#starter.lastFailure;
  }

  get snapshot(): PoolSnapshot {
    const queueLength = this.#queue.size + this.#newcomers.queue.size;
    return { queueLength, processes: this.#roster.countStates() };
  }

  /** What a task exports, once a process has loaded it. */
  shapeOf(task: string): TaskShape | undefined {
    return this.#shapes.find(task);
  }

  /** Starts the processes that are kept without any request. */
  open(): void {
    this.#startWhereNeeded();
  }

  /** Waits until it is known what every task exports; gives undefined when no process can tell. */
  async describe(): Promise<ReadonlyMap<string, TaskShape> | undefined> {
    while (!this.#shapes.isComplete && this.#isOpen) await this.#shapes.wait(undefined);
    return this.#shapes.all;
  }

  /**
   * Waits until it is known what a task exports, no process can tell, too many wait already, or the
   * signal aborts.
   */
  async describeTask(task: string, signal: AbortSignal): Promise<void> {
    if (this.#shapes.find(task) || !this.#starter.mayStart || this.#queueRefusal()) return;
    if (!signal.aborted) await this.#shapes.wait(task, signal);
  }

  /** Asks for a place in a process; false when it has to wait. */
  request(request: SlotRequest): boolean {
    this.#newcomers.arrived(request);
    // Those in the queue found no place: whoever finds one takes it from none of them.
    const slot = this.#slots.find(request);
    if (slot) {
      request.onSlot(slot);
      return true;
    }
    const refusal = this.#refusalOf(request);
    if (refusal) {
      request.onRefused(refusal);
      return true;
    }
    this.#slots.queueOf(request).add(request);
    // While the queue is watched, the watch decides; but it is no use without any process.
    const isWatched = this.#longWait.isWatching && this.#roster.isServing;
    if (request.needsNewProcess || !isWatched) this.#startWhereNeeded();
    return false;
  }

  /** A request for a new process will come in a moment: has one ready by then. */
  expect(request: SlotRequest): void {
    this.#newcomers.expect(request);
    this.#startNewcomers();
  }

  /** Asks again for a request whose process has given it back: it goes before the others. */
  requestAgain(request: SlotRequest): void {
    if (this.#starter.isClosed) return request.onRefused({ kind: "stopping" });
    this.#slots.queueOf(request).addFirst(request);
  }

  /** Takes a request back that waits, or that was expected. */
  cancel(request: SlotRequest): void {
    this.#newcomers.arrived(request);
    this.#slots.queueOf(request).delete(request);
    this.#drain.settle();
  }

  /** Somebody may yet send a request: a drain waits for `release`. */
  hold(): void {
    this.#drain.hold();
  }

  release(): void {
    this.#drain.release();
  }

  /** Aborts the signals of everything that runs. */
  abortAll(reason: AbortReason): void {
    for (const process of this.#roster.all) process.abortAll(reason);
  }

  /** Has processes end as they finish; requests from before are served. Resolves when all are gone. */
  drain(): Promise<void> {
    return this.#drain.begin();
  }

  /** Ends every process now; what ran is `INTERRUPTED`. */
  async close(): Promise<void> {
    this.#upkeep.stop();
    this.#longWait.stop();
    this.#starter.close();
    this.#refuseFirstAttempts({ kind: "stopping" });
    for (const request of this.#newcomers.takeAll()) request.onRefused({ kind: "stopping" });
    for (const process of this.#roster.all) process.kill(serverStops);
    await Promise.all(this.#roster.all.map((process) => process.ended));
    this.#drain.close();
  }

  #serve(): void {
    this.#slots.serveAll();
    this.#startWhereNeeded();
    this.#drain.settle();
  }

  #startWhereNeeded(): void {
    if (this.#newcomers.size > 0) this.#startNewcomers();
    this.#longWait.watch();
    this.#startShared(false);
  }

  get #isOpen(): boolean {
    return this.#starter.mayStart && !this.#drain.isBegun;
  }

  #startShared(hasWaitedLong: boolean): void {
    if (!this.#starter.mayStart) return;
    const { clock, settings } = this.#options;
    const isWanted = wantsProcess({
      ...this.#roster.countShared(clock.monotonicMs()),
      queueLength: this.#queue.size,
      hasWaitedLong,
      isDescriptionWanted: this.#shapes.isWanted,
    }, this.#drain.isBegun ? { ...settings, minProcesses: 0 } : settings);
    if (isWanted) this.#addShared();
  }

  #addShared(): void {
    const describe = this.#shapes.plan();
    if (describe) return this.#start({ describe });
    // One that was meant for an attempt that never came serves as well.
    const isSpare = this.#newcomers.size === 0 && this.#roster.shareUnused() !== undefined;
    if (isSpare) this.#serve();
    else this.#start({});
  }

  #startNewcomers(): void {
    const { maxAttemptProcesses } = this.#options.settings;
    for (const { task } of this.#newcomers.beyond(this.#roster.countUnused())) {
      if (this.#roster.singleCount >= maxAttemptProcesses || !this.#starter.mayStart) return;
      this.#start({ forTask: task });
    }
  }

  /** Starts a shared process, which may have to describe tasks, or one for an attempt of a task. */
  #start({ describe, forTask }: { describe?: DescribePlan; forTask?: string }): void {
    const process: WorkerProcess | undefined = this.#starter.start({
      describe,
      preload: forTask,
      events: {
        onReady: () => this.#serve(),
        onSlow: () => this.#startWhereNeeded(),
        onShape: (task, shape) => this.#shapes.learn(task, shape),
        onFree: () => process && this.#onFree(process),
        onUnavailable: () => this.#startWhereNeeded(),
        onReturned: (calls) => this.#onReturned(calls),
        onOutput: this.#options.onOutput,
        onEnded: (end) => process && this.#onEnded(process, end),
      },
    });
    if (!process) return;
    if (forTask === undefined) this.#roster.addShared(process);
    else this.#roster.addSingle(process);
    this.#upkeep.wake(false);
  }

  #onFree(process: WorkerProcess): void {
    // What has run a further attempt is new no more.
    if (this.#roster.isSingle(process)) return process.retire();
    this.#slots.serveShared();
    this.#drain.settle();
  }

  /** All of them are back in the queue before any is served: their order stays. */
  #onReturned(calls: readonly OwnedCall[]): void {
    for (const call of calls.toReversed()) call.onReturned();
    this.#serve();
  }

  #onEnded(process: WorkerProcess, end: ProcessEnd): void {
    this.#roster.remove(process);
    this.#options.onProcessEnded(end.cause);
    if (this.#roster.size === 0) this.#upkeep.stop();
    const isFine = end.wasReady || isWelcome(end) || this.#shapes.blame(end);
    if (isFine) this.#serve();
    else this.#starter.failed(end.failure);
  }

  /** Further attempts have time: they wait until a process can be started again. */
  #refuseFirstAttempts(refusal: Refusal): void {
    this.#shapes.giveUp();
    for (const request of this.#queue.takeAll()) request.onRefused(refusal);
    this.#drain.settle();
  }

  #refusalOf({ needsNewProcess }: SlotRequest): Refusal | undefined {
    if (!needsNewProcess) return this.#starter.refusal ?? this.#queueRefusal();
    return this.#starter.isClosed ? { kind: "stopping" } : undefined;
  }

  #queueRefusal(): Refusal | undefined {
    const limit = this.#options.settings.maxQueue;
    const isFull = this.#queue.size + this.#shapes.taskWaiterCount >= limit;
    return isFull ? { kind: "queue-full", limit } : undefined;
  }
}
