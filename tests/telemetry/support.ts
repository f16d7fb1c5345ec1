import type { InvocationRecord, RequestRecord } from "../../runtime/protocol/records.ts";

/** A request of task `hello` that was answered within two milliseconds. */
export function requestOf(more: Partial<RequestRecord> = {}): RequestRecord {
  return {
    requestId: "1".repeat(32),
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    firstTraceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    traceparent: undefined,
    deployment: "acme",
    release: "r1",
    task: "hello",
    method: "GET",
    path: "/hello",
    status: 200,
    answer: "delivered",
    reason: undefined,
    startedAt: 1_700_000_000_000,
    durationMs: 2,
    ...more,
  };
}

/** The invocation of that request. */
export function invocationOf(more: Partial<InvocationRecord> = {}): InvocationRecord {
  return {
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    firstTraceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    previousTraceId: undefined,
    traceparent: undefined,
    requestId: "1".repeat(32),
    attempt: 1,
    deployment: "acme",
    release: "r1",
    task: "hello",
    method: "GET",
    pid: 7,
    state: "COMPLETED",
    code: undefined,
    reason: undefined,
    stack: undefined,
    status: 200,
    delivered: true,
    startedAt: 1_700_000_000_001,
    durationMs: 1,
    queuedMs: 0,
    authenticateMs: 0.1,
    handlerMs: 0.5,
    cpuMs: undefined,
    peakRssBytes: undefined,
    ...more,
  };
}
