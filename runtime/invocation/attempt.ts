import type { Ending, Refusal } from "../protocol/call.ts";
import type { InvocationRecord, InvocationState, OverdueInvocation } from "../protocol/records.ts";
import type { AttemptView } from "./policy.ts";
import type { CallOwner, Slot, SlotRequest, Target } from "./release.ts";

/** What an attempt tells the request it belongs to. */
export interface AttemptEvents {
  onSlot(attempt: Attempt, slot: Slot): void;
  onRefused(refusal: Refusal): void;
  onEnd(attempt: Attempt, ending: Ending): void;
}

/** One invocation of a request: its number, its process, its times and how it ended. */
export class Attempt implements AttemptView, SlotRequest, CallOwner {
  readonly number: number;
  readonly traceId: string;
  readonly task: string;
  readonly concurrency: number | undefined;
  readonly #events: AttemptEvents;
  slot: Slot | undefined;
  queuedBefore: SlotRequest | undefined;
  queuedAfter: SlotRequest | undefined;
  isQueued = false;
  /** It had to wait, so that a timer for its wait may be set. */
  hasWaited = false;
  startedMs: number | undefined;
  startedAt = 0;
  end: AttemptView["end"];
  ending: Ending | undefined;
  isOverdue = false;
  isKilled = false;
  isRecorded = false;

  constructor(
    { number, traceId, target }: { number: number; traceId: string; target: Target },
    events: AttemptEvents,
  ) {
    this.number = number;
    this.traceId = traceId;
    this.task = target.task.name;
    this.concurrency = target.task.settings.concurrency;
    this.#events = events;
  }

  /** Whether it stands in the queue for a process. */
  get isWaiting(): boolean {
    return this.hasWaited && this.startedMs === undefined;
  }

  /** Whether it has a process and has not ended. */
  get isRunning(): boolean {
    return this.startedMs !== undefined && this.end === undefined;
  }

  onSlot(slot: Slot): void {
    this.slot = slot;
    this.#events.onSlot(this, slot);
  }

  onRefused(refusal: Refusal): void {
    this.#events.onRefused(refusal);
  }

  onEnd(ending: Ending): void {
    this.#events.onEnd(this, ending);
  }

  /** Notes how it ended. */
  settle(ending: Ending, atMs: number): void {
    this.ending = ending;
    this.end = { atMs, kind: ending.kind === "replied" ? "replied" : "failed" };
  }
}

/** Tells of an attempt that runs on after its timeout. */
export function toOverdue(
  { traceId, number, task, slot }: Attempt,
  { target, requestId }: { readonly target: Target; readonly requestId: string },
): OverdueInvocation {
  const deployment = target.deployment.hostname;
  const { timeoutMs } = target.task.settings;
  const pid = slot?.pid ?? 0;
  return { traceId, requestId, attempt: number, deployment, task, pid, timeoutMs };
}

/** What a record says beyond the attempt itself. */
export interface RecordContext {
  readonly target: Target;
  readonly call: { readonly requestId: string; readonly method: string };
  readonly delivered: boolean;
}

/** Makes the record of an attempt that has ended in a process. */
export function toRecord(attempt: Attempt, context: RecordContext): InvocationRecord {
  const { ending, end, slot, startedMs = 0 } = attempt;
  const { target: { deployment, release }, call, delivered } = context;
  const failure = ending && ending.kind !== "replied" ? ending.failure : undefined;
  return {
    traceId: attempt.traceId,
    requestId: call.requestId,
    attempt: attempt.number,
    deployment: deployment.hostname,
    release: release.id,
    task: attempt.task,
    method: call.method,
    pid: slot?.pid ?? 0,
    state: toState(ending),
    code: failure?.code,
    reason: failure?.message,
    stack: failure?.stack,
    status: ending?.kind === "replied" ? ending.reply.status : undefined,
    delivered,
    startedAt: attempt.startedAt,
    durationMs: (end?.atMs ?? startedMs) - startedMs,
  };
}

function toState(ending: Ending | undefined): Exclude<InvocationState, "RUNNING"> {
  if (ending?.kind === "replied") return "COMPLETED";
  return ending?.kind === "died" ? ending.state : "FAILED";
}
