import type { CapturedRequest, InvocationState, RequestAnswer } from "../protocol/records.ts";

/** One invocation as the trace commands list it; these names are those of their `--json`. */
export interface TraceRow {
  readonly traceId: string;
  readonly requestId: string;
  readonly attempt: number;
  readonly deployment: string;
  readonly release: string;
  readonly task: string;
  readonly method: string;
  readonly path: string;
  readonly state: InvocationState;
  /** Why it is not `COMPLETED`. */
  readonly reason: string | undefined;
  /** The status of its own response; undefined when it made none. */
  readonly status: number | undefined;
  readonly delivered: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Undefined while it runs, and when nobody saw its end. */
  readonly durationMs: number | undefined;
}

/** Which invocations to list; what is undefined does not narrow the list. */
export interface TraceFilter {
  readonly deployment: string | undefined;
  readonly task: string | undefined;
  readonly state: InvocationState | undefined;
  readonly requestId: string | undefined;
  /** Started at or after this time, in milliseconds since 1970. */
  readonly sinceMs: number | undefined;
  /** Ran for at least this long. */
  readonly slowMs: number | undefined;
  /** The most rows, the newest first. */
  readonly limit: number;
}

/** A line of an invocation's log. */
export interface LogLineRow {
  /** Grows with each line the store takes in: where a follower goes on. */
  readonly sequence: number;
  readonly traceId: string | undefined;
  readonly requestId: string | undefined;
  readonly deployment: string;
  readonly task: string | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly stream: "console" | "stdout" | "stderr";
  readonly text: string;
}

/** Which log lines to read. */
export interface LogFilter {
  readonly deployment: string | undefined;
  readonly task: string | undefined;
  readonly traceId: string | undefined;
  readonly level: LogLineRow["level"] | undefined;
  readonly sinceMs: number | undefined;
  /** Only lines with a higher sequence number. */
  readonly afterSequence: number | undefined;
  /** The most lines: the newest that match, or the next ones after `afterSequence`; oldest first. */
  readonly limit: number;
}

/** Everything that is known of one invocation. */
export interface TraceDetail extends TraceRow {
  readonly pid: number;
  /** What kind of failure it was. */
  readonly code: string | undefined;
  /** The source-mapped stack of its failure, with causes. */
  readonly stack: string | undefined;
  /** How long it waited for a process. */
  readonly queuedMs: number | undefined;
  readonly authenticateMs: number | undefined;
  readonly handlerMs: number | undefined;
  /** CPU time of its process while it ran. */
  readonly cpuMs: number | undefined;
  /** The largest resident memory of its process while it ran. */
  readonly peakRssBytes: number | undefined;
  /** Log lines beyond the limit, which were counted and not kept. */
  readonly omittedLines: number;
  readonly lines: readonly LogLineRow[];
}

/** Everything that is known of one request. */
export interface RequestDetail {
  readonly requestId: string;
  readonly deployment: string | undefined;
  readonly release: string | undefined;
  readonly task: string | undefined;
  readonly method: string;
  readonly path: string;
  /** The client's address. */
  readonly client: string | undefined;
  /** Undefined while it is open. */
  readonly status: number | undefined;
  readonly answer: RequestAnswer | undefined;
  /** The invocation that answered, or the last. */
  readonly traceId: string | undefined;
  readonly reason: string | undefined;
  readonly startedAt: number;
  readonly durationMs: number | undefined;
  readonly requestBytes: number | undefined;
  readonly responseBytes: number | undefined;
  /** The request this one repeats. */
  readonly replayOf: string | undefined;
  readonly captured: CapturedRequest | undefined;
  readonly invocations: readonly TraceDetail[];
}

/** Reads what a store has kept; a reader changes nothing. */
export interface TraceReader {
  /** The newest first. */
  traces(filter: TraceFilter): Promise<readonly TraceRow[]>;
  /** By a request's ID or that of one of its invocations. */
  find(id: string): Promise<RequestDetail | undefined>;
  logs(filter: LogFilter): Promise<readonly LogLineRow[]>;
  close(): Promise<void>;
}
