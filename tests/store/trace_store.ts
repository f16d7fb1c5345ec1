import { IdSource } from "../../runtime/base/ids.ts";
import { noFigures } from "../../runtime/protocol/figures.ts";
import type { InvocationRecord, RequestRecord } from "../../runtime/protocol/records.ts";
import { RecordLines } from "../../runtime/store/record_lines.ts";
import { openTraceReader } from "../../runtime/store/trace_file_reader.ts";
import type { LogFilter, TraceFilter } from "../../runtime/store/trace_reader.ts";
import { TraceWriter } from "../../runtime/store/trace_writer.ts";
import { ManualClock } from "../manual_clock.ts";
import { createTempFolder } from "../temp_folder.ts";
import { TraceFeed } from "./trace_feed.ts";

/** Every invocation. */
export const all: TraceFilter = {
  deployment: undefined,
  task: undefined,
  state: undefined,
  requestId: undefined,
  sinceMs: undefined,
  slowMs: undefined,
  limit: 50,
};
/** Every line. */
export const allLines: LogFilter = {
  deployment: undefined,
  task: undefined,
  traceId: undefined,
  level: undefined,
  sinceMs: undefined,
  afterSequence: undefined,
  limit: 100,
};

/** A store in a folder of its own, fed as a gateway feeds it. */
export async function createStore(gateway = "gateway-1") {
  const folder = await createTempFolder();
  const writer = new TraceWriter(folder.path, gateway);
  const clock = new ManualClock();
  const ids = new IdSource(clock);
  const feed = new TraceFeed(writer);
  const records = new RecordLines(feed, clock);
  const reader = openTraceReader(folder.path);
  return {
    ...{ folder, writer, feed, clock, ids, records, reader },
    commit() {
      records.settle();
      feed.commit();
    },
    /** Records requests that one invocation each has answered. */
    add(...invocations: readonly InvocationRecord[]) {
      for (const invocation of invocations) {
        records.invocationEnded(invocation);
        records.requestEnded(requestOf(invocation));
      }
    },
    invocation: (
      fields: Partial<InvocationRecord> = {},
      traceId = ids.traceId(),
    ): InvocationRecord => ({
      ...{ traceId, firstTraceId: traceId, previousTraceId: undefined, traceparent: undefined },
      ...{ queuedMs: undefined, ...noFigures },
      ...{ requestId: ids.requestId(), attempt: 1, pid: 7 },
      ...{ deployment: "acme", release: "r1", task: "hello", method: "GET" },
      ...{ state: "COMPLETED", code: undefined, reason: undefined, stack: undefined },
      ...{ status: 200, delivered: true, startedAt: clock.wallMs(), durationMs: 1.5 },
      ...fields,
    }),
    async [Symbol.asyncDispose]() {
      await reader.close();
      writer.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The request that an invocation has answered. */
export function requestOf(invocation: InvocationRecord, fields: Partial<RequestRecord> = {}) {
  const { requestId, traceId, firstTraceId, deployment, release, task, method } = invocation;
  const request: RequestRecord = {
    ...{ requestId, traceId, firstTraceId, deployment, release, task, method, path: `/${task}` },
    traceparent: undefined,
    ...{ status: 200, answer: "delivered", reason: undefined, client: "127.0.0.1" },
    ...{ startedAt: invocation.startedAt - 1, durationMs: 3.25, requestBytes: 0 },
    ...{ responseBytes: 17, ...fields },
  };
  return request;
}
