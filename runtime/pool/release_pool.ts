import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { Failure, Refusal, TaskShape } from "../protocol/call.ts";
import type { AbortReason, BootMessage } from "../protocol/messages.ts";
import type { TaskOutput } from "../protocol/records.ts";
import { ProcessSlot } from "./process_slot.ts";
import { Queue, type Queued } from "./queue.ts";
import { StartGuard } from "./start_guard.ts";
import type { WorkerHub } from "./worker_hub.ts";
import { WorkerProcess } from "./worker_process.ts";

/** To be ready with every task loaded; a task's own load limit is shorter. */
const startTimeoutMs = 15_000;

/** The limits of a pool. */
export interface PoolSettings {
  /** Processes that take calls; those that finish overdue calls are not counted. */
  readonly maxProcesses: number;
  /** Invocations at once in one process. */
  readonly processConcurrency: number;
  /** Requests that wait for a process. */
  readonly maxQueue: number;
}

/** What a pool is made of. */
export interface PoolOptions {
  readonly platform: Platform;
  readonly hub: WorkerHub;
  readonly clock: Clock;
  readonly log: Log;
  readonly boot: Omit<BootMessage, "socket" | "token">;
  readonly env: Readonly<Record<string, string>>;
  readonly settings: PoolSettings;
  onOutput(output: TaskOutput): void;
}

/** Somebody who wants to run a call. */
export interface SlotRequest extends Queued<SlotRequest> {
  readonly task: string;
  /** The most invocations of this task in one process, when there is such a limit. */
  readonly concurrency: number | undefined;
  /** Called once, at once where a process has room. */
  onSlot(slot: ProcessSlot): void;
  onRefused(refusal: Refusal): void;
}

/** The worker processes of one release of one deployment, and the queue in front of them. */
export class ReleasePool {
  readonly #options: PoolOptions;
  #processes: readonly WorkerProcess[] = [];
  readonly #queue = new Queue<SlotRequest>();
  readonly #shapeWaiters = new Set<() => void>();
  #shapes: ReadonlyMap<string, TaskShape> | undefined;
  readonly #starts: StartGuard;
  /** Draining, it serves what still comes and keeps no process for later; closed, it refuses all. */
  #phase: "open" | "draining" | "closed" = "open";

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#starts = new StartGuard(options.clock);
  }

  /** Requests that wait for a process. */
  get queueLength(): number {
    return this.#queue.size;
  }

  /** What the tasks export, once a process has loaded them. */
  get shapes(): ReadonlyMap<string, TaskShape> | undefined {
    return this.#shapes;
  }

  /** Waits until the tasks' exports are known, or no process can tell. */
  async describe(): Promise<ReadonlyMap<string, TaskShape> | undefined> {
    if (this.#shapes || this.#phase !== "open" || this.#refusal()) return this.#shapes;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#shapeWaiters.add(resolve);
    this.#startWhereNeeded();
    await promise;
    return this.#shapes;
  }

  /** Why the last process did not start, while none has since. */
  get startFailure(): Failure | undefined {
    return this.#starts.lastFailure;
  }

  /** Asks for a place in a process; false when it has to wait. */
  request(request: SlotRequest): boolean {
    // Those in the queue found no place: whoever finds one takes it from none of them.
    const slot = this.#findSlot(request);
    if (slot) {
      request.onSlot(slot);
      return true;
    }
    const refusal = this.#refusal() ?? this.#queueRefusal();
    if (refusal) {
      request.onRefused(refusal);
      return true;
    }
    this.#queue.add(request);
    this.#startWhereNeeded();
    return false;
  }

  /** Takes a request back that waits. */
  cancel(request: SlotRequest): void {
    this.#queue.delete(request);
    this.#retireAllWhenEmpty();
  }

  /** Aborts the signals of everything that runs. */
  abortAll(reason: AbortReason): void {
    for (const process of this.#processes) process.abortAll(reason);
  }

  /** Has processes end as they finish; requests from before are served. Resolves when all are gone. */
  async drain(): Promise<void> {
    if (this.#phase === "open") this.#phase = "draining";
    this.#retireAllWhenEmpty();
    while (this.#processes.length > 0) await this.#oneEnded();
  }

  /** Ends every process now; what ran is `INTERRUPTED`. */
  async close(): Promise<void> {
    this.#phase = "closed";
    this.#refuseQueue({ kind: "stopping" });
    for (const process of this.#processes) process.kill("the server stops", "INTERRUPTED");
    while (this.#processes.length > 0) await this.#oneEnded();
  }

  #oneEnded(): Promise<void> {
    return Promise.race(this.#processes.map((process) => process.ended));
  }

  #findSlot(request: SlotRequest): ProcessSlot | undefined {
    for (const process of this.#processes) {
      if (this.#hasRoom(process, request)) return new ProcessSlot(process);
    }
    return undefined;
  }

  #hasRoom(process: WorkerProcess, { task, concurrency }: SlotRequest): boolean {
    return process.state === "ready" &&
      process.runningCount < this.#options.settings.processConcurrency &&
      (concurrency === undefined || process.runningOf(task) < concurrency);
  }

  /** Serves the queue in order; a task at its own limit does not hold up the others. */
  #serveQueue(): void {
    for (let request = this.#queue.first; request;) {
      const { queuedAfter } = request;
      // Serving one may have taken another out.
      const slot = request.isQueued ? this.#findSlot(request) : undefined;
      if (slot) {
        this.#queue.delete(request);
        request.onSlot(slot);
      }
      if (!this.#hasAnyRoom()) break;
      request = queuedAfter;
    }
    this.#startWhereNeeded();
    this.#retireAllWhenEmpty();
  }

  #hasAnyRoom(): boolean {
    const limit = this.#options.settings.processConcurrency;
    for (const { state, runningCount } of this.#processes) {
      if (state === "ready" && runningCount < limit) return true;
    }
    return false;
  }

  #startWhereNeeded(): void {
    const isNeeded = this.#queue.size > 0 || this.#shapeWaiters.size > 0;
    if (!isNeeded || this.#refusal()) return;
    let active = 0;
    for (const { state } of this.#processes) {
      if (state === "starting") return;
      if (state === "ready") active += 1;
    }
    if (active < this.#options.settings.maxProcesses) this.#startProcess();
  }

  #startProcess(): void {
    try {
      const process: WorkerProcess = new WorkerProcess({
        ...this.#options,
        describe: this.#shapes === undefined,
        startTimeoutMs,
        events: {
          onReady: (shapes) => this.#onReady(shapes),
          onFree: () => this.#serveQueue(),
          onRetired: () => this.#startWhereNeeded(),
          onOutput: this.#options.onOutput,
          onEnded: (failure, wasReady) => this.#onEnded(process, failure, wasReady),
        },
      });
      this.#processes = [...this.#processes, process];
    } catch (error) {
      const message = `No process could be started: ${messageOf(error)}`;
      const { stack } = error instanceof Error ? error : { stack: undefined };
      this.#startFailed({ code: "start_failed", message, stack, publicMessage: undefined });
    }
  }

  #onReady(shapes: ReadonlyMap<string, TaskShape> | undefined): void {
    this.#starts.succeeded();
    this.#shapes ??= shapes;
    this.#wakeShapeWaiters();
    this.#serveQueue();
  }

  #onEnded(process: WorkerProcess, failure: Failure, wasReady: boolean): void {
    this.#processes = this.#processes.filter((other) => other !== process);
    if (wasReady) this.#serveQueue();
    else if (this.#phase !== "open" && this.#queue.size === 0) this.#retireAllWhenEmpty();
    else this.#startFailed(failure);
  }

  #startFailed(failure: Failure): void {
    const inARow = this.#starts.failed(failure);
    this.#options.log.warn("worker.start_failed", {
      deployment: this.#options.boot.deployment.hostname,
      inARow,
      reason: failure.message,
      stderr: failure.stack,
    });
    const refusal = this.#starts.refusal();
    if (!refusal) return this.#startWhereNeeded();
    this.#wakeShapeWaiters();
    this.#refuseQueue(refusal);
  }

  #refusal(): Refusal | undefined {
    return this.#phase === "closed" ? { kind: "stopping" } : this.#starts.refusal();
  }

  #queueRefusal(): Refusal | undefined {
    const limit = this.#options.settings.maxQueue;
    return this.#queue.size >= limit ? { kind: "queue-full", limit } : undefined;
  }

  #refuseQueue(refusal: Refusal): void {
    for (const request of this.#queue.takeAll()) request.onRefused(refusal);
  }

  #wakeShapeWaiters(): void {
    const waiters = [...this.#shapeWaiters];
    this.#shapeWaiters.clear();
    for (const wake of waiters) wake();
  }

  #retireAllWhenEmpty(): void {
    if (this.#phase === "open" || this.#queue.size > 0) return;
    this.#wakeShapeWaiters();
    for (const process of this.#processes) process.retire();
  }
}
