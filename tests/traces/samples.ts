import type {
  LogFilter,
  LogLineRow,
  RequestDetail,
  TraceDetail,
  TraceFilter,
  TraceReader,
  TraceRow,
} from "../../runtime/store/trace_reader.ts";

/** When the sample request came. */
export const sampleTimeMs = Date.UTC(2026, 10, 24, 10, 0, 0, 123);

/** A trace ID of one digit, over and over. */
export function traceIdOf(digit: string): string {
  return digit.repeat(32);
}

/** An invocation as it is listed. */
export function sampleRow(values: Partial<TraceRow> = {}): TraceRow {
  return {
    traceId: traceIdOf("a"),
    requestId: "request-1",
    attempt: 1,
    deployment: "acme-testing",
    release: "5f1c8b7e2a90d364",
    task: "orders",
    method: "POST",
    path: "/orders",
    state: "COMPLETED",
    reason: undefined,
    status: 200,
    delivered: true,
    startedAt: sampleTimeMs,
    durationMs: 12.34,
    ...values,
  };
}

/** A line of a log. */
export function sampleLine(values: Partial<LogLineRow> = {}): LogLineRow {
  return {
    sequence: 1,
    traceId: traceIdOf("a"),
    requestId: "request-1",
    deployment: "acme-testing",
    task: "orders",
    time: sampleTimeMs + 5,
    level: "info",
    stream: "console",
    text: "looking",
    ...values,
  };
}

/** An invocation with all that is known of it. */
export function sampleTrace(values: Partial<TraceDetail> = {}): TraceDetail {
  return {
    ...sampleRow(),
    pid: 77,
    code: undefined,
    stack: undefined,
    queuedMs: 1.5,
    authenticateMs: 2.25,
    handlerMs: 8.5,
    cpuMs: 3.5,
    peakRssBytes: 45 * 2 ** 20,
    omittedLines: 0,
    lines: [],
    ...values,
  };
}

/** A request with all that is known of it. */
export function sampleRequest(values: Partial<RequestDetail> = {}): RequestDetail {
  return {
    requestId: "request-1",
    deployment: "acme-testing",
    release: "5f1c8b7e2a90d364",
    task: "orders",
    method: "POST",
    path: "/orders",
    client: "127.0.0.1",
    status: 200,
    answer: "delivered",
    traceId: traceIdOf("a"),
    reason: undefined,
    startedAt: sampleTimeMs,
    durationMs: 15,
    requestBytes: 12,
    responseBytes: 80,
    replayOf: undefined,
    captured: undefined,
    invocations: [sampleTrace()],
    ...values,
  };
}

/** A reader of what a test says is there, which notes what it was asked for. */
export class FakeTraceReader implements TraceReader {
  rows: readonly TraceRow[] = [];
  requests: readonly RequestDetail[] = [];
  lines: readonly LogLineRow[] = [];
  readonly traceFilters: TraceFilter[] = [];
  readonly logFilters: LogFilter[] = [];
  isClosed = false;

  traces(filter: TraceFilter): Promise<readonly TraceRow[]> {
    this.traceFilters.push(filter);
    const { task, deployment, state, requestId, sinceMs = 0, slowMs = 0, limit } = filter;
    const rows = this.rows.filter((row) =>
      (task ?? row.task) === row.task && (deployment ?? row.deployment) === row.deployment &&
      (state ?? row.state) === row.state && (requestId ?? row.requestId) === row.requestId &&
      row.startedAt >= sinceMs && (row.durationMs ?? 0) >= slowMs
    );
    return Promise.resolve(
      rows.toSorted((one, other) => other.startedAt - one.startedAt).slice(0, limit),
    );
  }

  find(id: string): Promise<RequestDetail | undefined> {
    return Promise.resolve(
      this.requests.find(({ requestId, invocations }) =>
        requestId === id || invocations.some(({ traceId }) => traceId === id)
      ),
    );
  }

  logs(filter: LogFilter): Promise<readonly LogLineRow[]> {
    this.logFilters.push(filter);
    const { afterSequence, limit, level } = filter;
    const lines = this.lines.filter((line) =>
      line.sequence > (afterSequence ?? -1) && (level ?? line.level) === line.level
    );
    return Promise.resolve(
      afterSequence === undefined ? lines.slice(-limit) : lines.slice(0, limit),
    );
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}
