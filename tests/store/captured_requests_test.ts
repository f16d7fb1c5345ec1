import { expect, test } from "bun:test";
import { noFigures } from "../../runtime/protocol/figures.ts";
import type { CapturedRequest, RequestRecord } from "../../runtime/protocol/records.ts";
import { openTraceReader } from "../../runtime/store/trace_file_reader.ts";
import { RecordLines } from "../../runtime/store/record_lines.ts";
import { TraceWriter } from "../../runtime/store/trace_writer.ts";
import { ManualClock } from "../manual_clock.ts";
import { createTempFolder } from "../temp_folder.ts";
import { traceIdOf } from "../traces/samples.ts";
import { TraceFeed } from "./trace_feed.ts";

const captured: CapturedRequest = {
  headers: [["content-type", "text/plain"], ["x-a", 'quoted "\n\t']],
  query: "?a=%20",
  contentType: "text/plain",
  body: '{"a":\n"ünï"}',
  redacted: ["header:cookie"],
};

/** A request that one invocation has answered. */
function requestOf(fields: Partial<RequestRecord>): RequestRecord {
  return {
    ...{ requestId: traceIdOf("1"), traceId: traceIdOf("2"), deployment: "acme", release: "r1" },
    ...{ task: "hello", method: "POST", path: "/hello", status: 200, answer: "delivered" },
    ...{ firstTraceId: traceIdOf("2"), traceparent: undefined, reason: undefined },
    ...{ startedAt: 5, durationMs: 3.25, ...fields },
  };
}

test.each<[string, Partial<RequestRecord>]>([
  ["captured", { captured, replayOf: undefined }],
  ["a replay", { captured: undefined, replayOf: traceIdOf("3") }],
  ["a captured replay without a body", {
    captured: { ...captured, body: undefined, contentType: undefined, redacted: ["body"] },
    replayOf: traceIdOf("3"),
    reason: "why",
  }],
  ["neither", { captured: undefined, replayOf: undefined }],
])("a request that is %s is read as it was written", async (_, fields) => {
  await using folder = await createTempFolder();
  const writer = new TraceWriter(folder.path, "gateway-1");
  const feed = new TraceFeed(writer);
  const records = new RecordLines(feed, new ManualClock());
  const request = requestOf(fields);
  records.invocationEnded({
    ...{ traceId: traceIdOf("2"), requestId: request.requestId, attempt: 1, pid: 7 },
    ...{ deployment: "acme", release: "r1", task: "hello", method: "POST", state: "COMPLETED" },
    ...{ code: undefined, reason: undefined, stack: undefined, status: 200, delivered: true },
    ...{ firstTraceId: traceIdOf("2"), previousTraceId: undefined, traceparent: undefined },
    ...{ startedAt: 5, durationMs: 1.5, queuedMs: undefined, ...noFigures },
  });
  records.requestEnded(request);
  records.settle();
  feed.commit();
  writer.close();
  const reader = openTraceReader(folder.path);
  expect(await reader.find(request.requestId)).toMatchObject(fields);
  await reader.close();
});
