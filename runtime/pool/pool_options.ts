import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { Refusal } from "../protocol/call.ts";
import type { AppFacts } from "../protocol/messages.ts";
import type { TaskOutput } from "../protocol/records.ts";
import type { BrokenSlot } from "./broken_slot.ts";
import type { MemoryGroups } from "./memory_groups.ts";
import type { PoolSettings } from "./pool_settings.ts";
import type { EndCause } from "./process_end.ts";
import type { ProcessSlot } from "./process_slot.ts";
import type { Queued } from "./queue.ts";
import type { ProcessNeed } from "./roster.ts";
import type { StartTurns } from "./start_turns.ts";
import type { WorkerHub } from "./worker_hub.ts";
import type { WorkerState } from "./worker_state.ts";

/** What a pool is made of. */
export interface PoolOptions {
  readonly platform: Platform;
  readonly hub: WorkerHub;
  readonly clock: Clock;
  readonly log: Log;
  readonly boot: AppFacts;
  readonly env: Readonly<Record<string, string>>;
  readonly settings: PoolSettings;
  /** How many processes start at once, of this pool and others. */
  readonly turns: StartTurns;
  /** Limits the memory of processes, where the system lets us. */
  readonly memoryGroups: MemoryGroups | undefined;
  /** Reads how much memory a process uses. */
  readonly readRss?: (pid: number) => number | undefined;
  onOutput(output: TaskOutput): void;
  /** A process has ended; why, in one word. */
  onProcessEnded(cause: EndCause): void;
}

/** Somebody who wants to run a call. */
export interface SlotRequest extends Queued<SlotRequest>, ProcessNeed {
  /** Whether it wants a process that has never run an invocation. */
  readonly needsNewProcess: boolean;
  /** Called once, at once where a process has room. */
  onSlot(slot: ProcessSlot | BrokenSlot): void;
  onRefused(refusal: Refusal): void;
}

/** A pool at one moment. */
export interface PoolSnapshot {
  readonly queueLength: number;
  readonly processes: Readonly<Record<WorkerState, number>>;
}
