import type { IdSource } from "../base/ids.ts";
import type { Call, Ending, HeaderFields, OwnedCall, Refusal } from "../protocol/call.ts";
import { noFigures } from "../protocol/figures.ts";
import type {
  InvocationRecord,
  InvocationState,
  OverdueInvocation,
  RunningInvocation,
} from "../protocol/records.ts";
import { validTraceParent } from "../protocol/trace_context.ts";
import type { AttemptView } from "./policy.ts";
import type { Slot, SlotRequest, Target } from "./release.ts";

/** What an attempt tells the request it belongs to. */
export interface AttemptEvents {
  onSlot(attempt: Attempt, slot: Slot): void;
  onRefused(attempt: Attempt, refusal: Refusal): void;
  onEnd(attempt: Attempt, ending: Ending): void;
  onReturned(attempt: Attempt): void;
}

/** A request that has been read and admitted: all of a call but what each attempt adds. */
export type AdmittedCall = Omit<Call, "traceId" | "attempt" | "deadlineMs">;

/** What an attempt is made of. */
export interface AttemptParts {
  readonly call: AdmittedCall;
  readonly target: Target;
  /** The attempt before it. */
  readonly previous: Pick<Attempt, "attempt" | "traceId"> | undefined;
  readonly ids: Pick<IdSource, "traceId">;
}

/**
 * One invocation of a request: its number, its process, its times and how it ended. It is itself the
 * call that the process is handed, of which a short request can afford no copy.
 */
export class Attempt implements AttemptView, SlotRequest, OwnedCall {
  readonly attempt: number;
  readonly traceId: string;
  readonly #previousTraceId: string | undefined;
  readonly #call: AdmittedCall;
  readonly #target: Target;
  readonly #events: AttemptEvents;
  slot: Slot | undefined;
  queuedBefore: SlotRequest | undefined;
  queuedAfter: SlotRequest | undefined;
  isQueued = false;
  /** It had to wait, so that a timer for its wait may be set. */
  hasWaited = false;
  /** When it was wanted. */
  requestedMs: number | undefined;
  startedMs: number | undefined;
  startedAt = 0;
  end: AttemptView["end"];
  ending: Ending | undefined;
  isOverdue = false;
  isKilled = false;
  /** Whether it has been recorded as running. */
  isSeen = false;
  isRecorded = false;

  constructor({ call, target, previous, ids }: AttemptParts, events: AttemptEvents) {
    this.attempt = (previous?.attempt ?? 0) + 1;
    this.traceId = previous ? ids.traceId() : call.firstTraceId;
    this.#previousTraceId = previous?.traceId;
    this.#call = call;
    this.#target = target;
    this.#events = events;
  }

  /** What follows the first attempt is to meet none of what went wrong with it. */
  get needsNewProcess(): boolean {
    return this.attempt > 1;
  }

  get sentMs(): number {
    return this.startedMs ?? 0;
  }

  get requestId(): string {
    return this.#call.requestId;
  }

  get firstTraceId(): string {
    return this.#call.firstTraceId;
  }

  get task(): string {
    return this.#call.task;
  }

  get method(): string {
    return this.#call.method;
  }

  get url(): string {
    return this.#call.url;
  }

  get headers(): HeaderFields {
    return this.#call.headers;
  }

  get body(): Uint8Array | undefined {
    return this.#call.body;
  }

  /** The end of its own timeout; it counts from when a process was found. */
  get deadlineMs(): number {
    return this.startedAt + this.#target.task.settings.timeoutMs;
  }

  get concurrency(): number | undefined {
    return this.#target.task.settings.concurrency;
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
    this.#events.onRefused(this, refusal);
  }

  onEnd(ending: Ending): void {
    this.#events.onEnd(this, ending);
  }

  onReturned(): void {
    this.#events.onReturned(this);
  }

  /** Notes that its process has not started it: it waits again. */
  unstart(): void {
    this.slot = undefined;
    this.startedMs = undefined;
    this.hasWaited = true;
    this.isOverdue = false;
    this.isKilled = false;
  }

  /** Notes how it ended. */
  settle(ending: Ending, atMs: number): void {
    this.ending = ending;
    this.end = { atMs, kind: ending.kind === "replied" ? "replied" : "failed" };
  }

  /** Tells that it runs, where that is not over at once. */
  toRunning(): RunningInvocation {
    const { deployment, release } = this.#target;
    return {
      traceId: this.traceId,
      requestId: this.requestId,
      attempt: this.attempt,
      deployment: deployment.hostname,
      release: release.id,
      task: this.task,
      method: this.method,
      pid: this.slot?.pid ?? 0,
      startedAt: this.startedAt,
    };
  }

  /** Tells that it runs on after its timeout. */
  toOverdue(): OverdueInvocation {
    return {
      traceId: this.traceId,
      requestId: this.requestId,
      attempt: this.attempt,
      deployment: this.#target.deployment.hostname,
      task: this.task,
      pid: this.slot?.pid ?? 0,
      timeoutMs: this.#target.task.settings.timeoutMs,
    };
  }

  /** Makes its record, once it has ended in a process. */
  toRecord({ delivered }: { readonly delivered: boolean }): InvocationRecord {
    const { ending, end, slot, startedMs = 0, requestedMs = startedMs } = this;
    const { deployment, release } = this.#target;
    const figures = ending && "figures" in ending && ending.figures || noFigures;
    const failure = ending && ending.kind !== "replied" ? ending.failure : undefined;
    return {
      traceId: this.traceId,
      firstTraceId: this.firstTraceId,
      previousTraceId: this.#previousTraceId,
      traceparent: validTraceParent(this.headers),
      requestId: this.requestId,
      attempt: this.attempt,
      deployment: deployment.hostname,
      release: release.id,
      task: this.task,
      method: this.method,
      pid: slot?.pid ?? 0,
      state: toState(ending),
      code: failure?.code,
      reason: failure?.message,
      stack: failure?.stack,
      status: ending?.kind === "replied" ? ending.reply.status : undefined,
      delivered,
      startedAt: this.startedAt,
      durationMs: (end?.atMs ?? startedMs) - startedMs,
      queuedMs: startedMs - requestedMs,
      authenticateMs: figures.authenticateMs,
      handlerMs: figures.handlerMs,
      cpuMs: figures.cpuMs,
      peakRssBytes: figures.peakRssBytes,
    };
  }
}

function toState(ending: Ending | undefined): Exclude<InvocationState, "RUNNING"> {
  if (ending?.kind === "replied") return "COMPLETED";
  return ending?.kind === "died" ? ending.state : "FAILED";
}
