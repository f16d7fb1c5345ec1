import type { CancelTimer } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Failure, Refusal } from "../protocol/call.ts";
import type { PoolOptions } from "./pool_options.ts";
import type { ProcessEnd } from "./process_end.ts";
import { StartGuard } from "./start_guard.ts";
import { WorkerProcess } from "./worker_process.ts";
import type { WorkerEvents, WorkerStart } from "./worker_start.ts";

/** What a starter needs of the pool it belongs to. */
export interface StarterEvents {
  /** A start has failed, and another may be tried. */
  onFailed(): void;
  /** Too many starts have failed: none is tried for now. */
  onRefused(refusal: Refusal): void;
  /** After a refusal, or when others started too many: one may be tried again. */
  onRetry(): void;
}

/** What a process is started for. */
export interface StartedProcess extends Pick<WorkerStart, "describe" | "preload"> {
  readonly events: Omit<WorkerEvents, "onConnected">;
}

/** Starts processes, as long as they do not keep dying before they are of use. */
export class Starter {
  readonly #options: PoolOptions;
  readonly #events: StarterEvents;
  readonly #guard: StartGuard;
  #cancelRetry: CancelTimer | undefined;
  readonly #onTurn: () => void;
  #isClosed = false;

  constructor(options: PoolOptions, events: StarterEvents) {
    this.#options = options;
    this.#events = events;
    this.#guard = new StartGuard(options.clock);
    this.#onTurn = () => events.onRetry();
  }

  /** Why the last process did not start, while none has since. */
  get lastFailure(): Failure | undefined {
    return this.#guard.lastFailure;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether a process may be started now. */
  get mayStart(): boolean {
    return this.refusal === undefined;
  }

  /** Why no process is to be started now; undefined when one may be. */
  get refusal(): Refusal | undefined {
    return this.#isClosed ? { kind: "stopping" } : this.#guard.refusal();
  }

  /**
   * Starts a process; undefined when too many start already, whose turn is before, or when the system
   * refuses, which counts as a failed start.
   */
  start({ describe, preload, events }: StartedProcess): WorkerProcess | undefined {
    // A further attempt is due at a time of its own.
    const isUrgent = preload !== undefined;
    const endTurn = this.#options.turns.take(this.#onTurn, { isUrgent });
    if (!endTurn) return undefined;
    const onReady = () => {
      this.#guard.succeeded();
      events.onReady();
    };
    const onEnded = (end: ProcessEnd) => {
      endTurn();
      events.onEnded(end);
    };
    const told: WorkerEvents = { ...events, onConnected: endTurn, onReady, onEnded };
    try {
      const { processConcurrency } = this.#options.settings;
      const own = { processConcurrency, describe, preload, events: told };
      return new WorkerProcess({ ...this.#options, ...own });
    } catch (error) {
      const message = `No process could be started: ${messageOf(error)}`;
      const { stack } = error instanceof Error ? error : { stack: undefined };
      endTurn();
      this.failed({ code: "start_failed", message, stack, publicMessage: undefined });
      return undefined;
    }
  }

  /** A process has died before it was of use. */
  failed(failure: Failure): void {
    const inARow = this.#guard.failed(failure);
    this.#options.log.warn("worker.start_failed", {
      deployment: this.#options.boot.deployment.hostname,
      inARow,
      reason: failure.message,
      stderr: failure.stack,
    });
    const refusal = this.#guard.refusal();
    if (!refusal) return this.#events.onFailed();
    if (refusal.kind === "unavailable") this.#retryAfter(refusal.retryAfterMs);
    this.#events.onRefused(refusal);
  }

  /** Starts nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#options.turns.forget(this.#onTurn);
  }

  #retryAfter(delayMs: number): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(delayMs, () => this.#events.onRetry());
  }
}
