import type { TaskSettings } from "../base/task_settings.ts";
import type { OwnedCall, Refusal, TaskShape } from "../protocol/call.ts";
import type { AbortReason } from "../protocol/messages.ts";

/** A web task as it is served: its name and its effective settings. */
export interface ServedTask {
  readonly name: string;
  readonly settings: TaskSettings;
}

/** A release that takes requests. */
export interface ServedRelease {
  readonly id: string;
  readonly tasks: ReadonlyMap<string, ServedTask>;
  readonly pool: ProcessPool;
}

/** One app in one environment, under its one hostname. */
export interface Deployment {
  readonly hostname: string;
  readonly environment: string;
  readonly app: string;
  /** The release that new requests go to. */
  readonly active: ServedRelease;
}

/** Where a call is to run. */
export interface Target {
  readonly deployment: Deployment;
  readonly release: ServedRelease;
  readonly task: ServedTask;
}

/** What the supervisor and the gateway need of a release's processes. */
export interface ProcessPool {
  /** What a task exports, once known. */
  shapeOf(task: string): TaskShape | undefined;
  /** Waits until that is known, nobody can tell, too many wait already, or the signal aborts. */
  describeTask(task: string, signal: AbortSignal): Promise<void>;
  /** Somebody may yet send a request, so that a replaced release must stay until `release`. */
  hold(): void;
  release(): void;
  /** A request for a new process will come in a moment: has one ready by then. */
  expect(request: SlotRequest): void;
  /** Asks for a place in a process; false when it has to wait. */
  request(request: SlotRequest): boolean;
  /** Asks again for a request whose process has given it back: it goes before the others. */
  requestAgain(request: SlotRequest): void;
  /** Takes a request back that waits, or that was expected. */
  cancel(request: SlotRequest): void;
}

/** Somebody who wants to run a call; exactly one of its functions is called, once. */
export interface SlotRequest {
  readonly task: string;
  /** The most invocations of this task in one process, when there is such a limit. */
  readonly concurrency: number | undefined;
  /** Whether it wants a process that has never run an invocation. */
  readonly needsNewProcess: boolean;
  /** The pool's own marks: where it stands in the queue. */
  queuedBefore: SlotRequest | undefined;
  queuedAfter: SlotRequest | undefined;
  /** Whether it waits for a process. */
  isQueued: boolean;
  onSlot(slot: Slot): void;
  onRefused(refusal: Refusal): void;
}

/** A place in a process, for one call. */
export interface Slot {
  readonly pid: number;
  run(call: OwnedCall): void;
  abort(reason: AbortReason): void;
  /** The call is past its timeout: its process takes no new ones. */
  overdue(): void;
  /** Ends the process for this call's sake. */
  kill(message: string): void;
}
