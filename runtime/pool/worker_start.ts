import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { OwnedCall, TaskShape } from "../protocol/call.ts";
import type { AppFacts } from "../protocol/messages.ts";
import type { TaskOutput } from "../protocol/records.ts";
import type { MemoryGroups } from "./memory_groups.ts";
import type { ProcessEnd } from "./process_end.ts";
import type { DescribePlan } from "./task_shapes.ts";
import type { WorkerHub } from "./worker_hub.ts";

/** What a worker process tells the pool it belongs to. */
export interface WorkerEvents {
  /** The system has started it: from here on it waits for nothing but its tasks. */
  onConnected(): void;
  onReady(): void;
  /** A task takes long to load: others should not wait for it. */
  onSlow(): void;
  onShape(task: string, shape: TaskShape): void;
  /** There is room for another call: one has ended, or the process answers again. */
  onFree(): void;
  /** It takes no calls for now, or ever: those who wait need another process. */
  onUnavailable(): void;
  /** Calls that it has not started and never will, in order. */
  onReturned(calls: readonly OwnedCall[]): void;
  onOutput(output: TaskOutput): void;
  /** It has been reaped, and everybody concerned has been told. */
  onEnded(end: ProcessEnd): void;
}

/** How a worker process is started. */
export interface WorkerStart {
  readonly platform: Platform;
  readonly hub: WorkerHub;
  readonly clock: Clock;
  /** Everything a worker is told but where to connect. */
  readonly boot: AppFacts;
  readonly env: Readonly<Record<string, string>>;
  /** How many invocations it runs at once. */
  readonly processConcurrency: number;
  readonly log: Log;
  /** Limits the memory of processes, where the system lets us. */
  readonly memoryGroups: MemoryGroups | undefined;
  /** Tasks to load and to tell about before it takes calls. */
  readonly describe: DescribePlan | undefined;
  /** A task that is likely to be called first. */
  readonly preload: string | undefined;
  readonly events: WorkerEvents;
}
