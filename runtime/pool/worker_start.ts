import type { Clock } from "../base/clock.ts";
import type { Platform } from "../platform/platform.ts";
import type { Failure, TaskShape } from "../protocol/call.ts";
import type { BootMessage } from "../protocol/messages.ts";
import type { TaskOutput } from "../protocol/records.ts";
import type { WorkerHub } from "./worker_hub.ts";

/** What a worker process needs of the pool it belongs to. */
export interface WorkerEvents {
  onReady(shapes: ReadonlyMap<string, TaskShape> | undefined): void;
  /** A call has ended: there is room for another. */
  onFree(): void;
  /** It takes no more calls: those who wait need another process. */
  onRetired(): void;
  onOutput(output: TaskOutput): void;
  /** The process is gone; `failure` says how when it had never been ready. */
  onEnded(failure: Failure, wasReady: boolean): void;
}

/** How a worker process is started. */
export interface WorkerStart {
  readonly platform: Platform;
  readonly hub: WorkerHub;
  readonly clock: Clock;
  /** Everything a worker is told but where to connect. */
  readonly boot: Omit<BootMessage, "socket" | "token">;
  readonly env: Readonly<Record<string, string>>;
  /** Have it load every task and tell what they export, before it takes calls. */
  readonly describe: boolean;
  /** To be ready, tasks loaded where asked for. */
  readonly startTimeoutMs: number;
  readonly events: WorkerEvents;
}
