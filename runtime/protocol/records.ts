import type { CallIds, FailureCode } from "./call.ts";
import type { RunFigures } from "./figures.ts";
import type { OutputLevel } from "./messages.ts";

/** How an invocation can stand; the last five are final. */
export const invocationStates = [
  "RUNNING",
  "COMPLETED",
  "FAILED",
  "CRASHED",
  "KILLED",
  "INTERRUPTED",
] as const;

/** How an invocation stands. */
export type InvocationState = (typeof invocationStates)[number];

/** What became of a request, seen from its client. */
export type RequestAnswer = "delivered" | "timed-out" | "client-left" | "refused";

/**
 * One ended invocation. Field names are those of every report webtaskd makes. Its figures are
 * missing where its process died before it could tell.
 */
export interface InvocationRecord extends RunFigures {
  readonly traceId: string;
  /** Of the request's first invocation; its own where it is the first. */
  readonly firstTraceId: string;
  /** Of the invocation before it. */
  readonly previousTraceId: string | undefined;
  /** What the client said of its own trace, where that is valid. */
  readonly traceparent: string | undefined;
  readonly requestId: string;
  readonly attempt: number;
  readonly deployment: string;
  readonly release: string;
  readonly task: string;
  readonly method: string;
  readonly pid: number;
  readonly state: Exclude<InvocationState, "RUNNING">;
  /** What kind of failure it was. */
  readonly code: FailureCode | undefined;
  /** Why it is not `COMPLETED`. */
  readonly reason: string | undefined;
  readonly stack: string | undefined;
  /** The status of its own response; undefined when it made none. */
  readonly status: number | undefined;
  readonly delivered: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** How long it waited for a process. */
  readonly queuedMs: number | undefined;
}

/** An invocation that has run longer than most, and runs on. */
export interface RunningInvocation {
  readonly traceId: string;
  readonly requestId: string;
  readonly attempt: number;
  readonly deployment: string;
  readonly release: string;
  readonly task: string;
  readonly method: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** An invocation that has run for its `timeout` and runs on. */
export interface OverdueInvocation {
  readonly traceId: string;
  readonly requestId: string;
  readonly attempt: number;
  readonly deployment: string;
  readonly task: string;
  readonly pid: number;
  readonly timeoutMs: number;
}

/** A request that was captured, as far as its manifest allows. */
export interface CapturedRequest {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As in the URL, with its `?`; empty when there was none. */
  readonly query: string;
  readonly contentType: string | undefined;
  /** Undefined when there was none, or when it is named in `redacted`. */
  readonly body: string | undefined;
  /**
   * What was left out or replaced, for whoever reads or replays it: `body` for all of it, else as
   * `header:cookie`, `query:password`, `body:$.card.number`.
   */
  readonly redacted: readonly string[];
}

/** One answered request; good for as long as the call that hands it over: `copyRequest` keeps it. */
export interface RequestRecord {
  readonly requestId: string;
  /** Of the invocation that answered, or of the last. */
  readonly traceId: string | undefined;
  /** Of its first invocation; undefined where it was refused before one. */
  readonly firstTraceId: string | undefined;
  /** What the client said of its own trace, where that is valid. */
  readonly traceparent: string | undefined;
  readonly deployment: string | undefined;
  readonly release: string | undefined;
  readonly task: string | undefined;
  readonly method: string;
  readonly path: string;
  /** The client's address. */
  readonly client?: string | undefined;
  readonly status: number;
  readonly answer: RequestAnswer;
  /** Why the request was refused or failed, for the operator. */
  readonly reason: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Of the bodies. */
  readonly requestBytes?: number | undefined;
  readonly responseBytes?: number | undefined;
  /** The request this one repeats. */
  readonly replayOf?: string | undefined;
  /** Undefined unless the manifest asks for it. */
  readonly captured?: CapturedRequest | undefined;
}

/** Copies a record, which may be a view of things that pass. */
export function copyRequest(record: RequestRecord): Required<RequestRecord> {
  return {
    requestId: record.requestId,
    traceId: record.traceId,
    firstTraceId: record.firstTraceId,
    traceparent: record.traceparent,
    deployment: record.deployment,
    release: record.release,
    task: record.task,
    method: record.method,
    path: record.path,
    client: record.client,
    status: record.status,
    answer: record.answer,
    reason: record.reason,
    startedAt: record.startedAt,
    durationMs: record.durationMs,
    captured: record.captured,
    replayOf: record.replayOf,
    requestBytes: record.requestBytes,
    responseBytes: record.responseBytes,
  };
}

/** Something a worker process printed. */
export interface TaskOutput {
  /** Whose process it is; the pool's owner knows. */
  readonly deployment?: string | undefined;
  readonly pid: number;
  /** `console` for lines of `console.*`, whose invocation is known. */
  readonly stream: "console" | "stdout" | "stderr";
  readonly level: OutputLevel;
  readonly text: string;
  /** The calls it belongs to: the one that printed it, or those that ran when it came. */
  readonly calls: readonly CallIds[];
  /** This line stands for so many that were not passed on. */
  readonly omittedLines?: number | undefined;
}

/** Where records go; must not throw and must not block. */
export interface Recorder {
  invocationRunning(running: RunningInvocation): void;
  /** Told of as running, it has turned out not to have been started: it waits again, or is given up. */
  invocationReturned(returned: RunningInvocation): void;
  invocationOverdue(overdue: OverdueInvocation): void;
  invocationEnded(record: InvocationRecord): void;
  requestEnded(record: RequestRecord): void;
  output(output: TaskOutput): void;
}
