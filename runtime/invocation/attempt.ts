import type { Call, Ending } from "../protocol/call.ts";
import type { InvocationRecord, InvocationState } from "../protocol/records.ts";
import type { AttemptView } from "./policy.ts";
import type { Slot } from "./release.ts";

/** One invocation of a request: its number, its process, its times and how it ended. */
export class Attempt implements AttemptView {
  readonly number: number;
  readonly traceId: string;
  slot: Slot | undefined;
  /** Takes it out of the queue while it waits for a process. */
  cancel: (() => void) | undefined;
  startedMs: number | undefined;
  startedAt = 0;
  end: AttemptView["end"];
  ending: Ending | undefined;
  isOverdue = false;
  isRecorded = false;

  constructor(number: number, traceId: string) {
    this.number = number;
    this.traceId = traceId;
  }

  /** Whether it has a process and has not ended. */
  get isRunning(): boolean {
    return this.startedMs !== undefined && this.end === undefined;
  }

  /** Notes how it ended. */
  settle(ending: Ending, atMs: number): void {
    this.ending = ending;
    this.end = { atMs, kind: ending.kind === "replied" ? "replied" : "failed" };
  }
}

/** What a record says beyond the attempt itself. */
export type RecordContext = Pick<InvocationRecord, "deployment" | "release" | "delivered"> & {
  readonly call: Pick<Call, "requestId" | "task" | "method">;
};

/** Makes the record of an attempt that has ended in a process. */
export function toRecord(attempt: Attempt, context: RecordContext): InvocationRecord {
  const { ending, end, slot, startedMs = 0 } = attempt;
  const { requestId, task, method } = context.call;
  const failure = ending && ending.kind !== "replied" ? ending.failure : undefined;
  return {
    traceId: attempt.traceId,
    requestId,
    attempt: attempt.number,
    deployment: context.deployment,
    release: context.release,
    task,
    method,
    pid: slot?.pid ?? 0,
    state: toState(ending),
    reason: failure?.message,
    stack: failure?.stack,
    status: ending?.kind === "replied" ? ending.reply.status : undefined,
    delivered: context.delivered,
    startedAt: attempt.startedAt,
    durationMs: (end?.atMs ?? startedMs) - startedMs,
  };
}

function toState(ending: Ending | undefined): Exclude<InvocationState, "RUNNING"> {
  if (ending?.kind === "replied") return "COMPLETED";
  return ending?.kind === "died" ? ending.state : "FAILED";
}
