import { describe, expect, test } from "bun:test";
import type { InvocationRecord, RequestRecord } from "../../runtime/protocol/records.ts";
import { type Span, toSpan } from "../../runtime/telemetry/spans.ts";
import { invocationOf, requestOf } from "./support.ts";

const [first, second] = ["4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"];
const surroundings = { scheme: "http", newTraceId: () => "b".repeat(32) };
const client = "00-11111111111111111111111111111111-2222222222222222";

const ofRequest = (more: Partial<RequestRecord> = {}) =>
  toSpan({ kind: "request", record: requestOf(more) }, surroundings);
const ofInvocation = (more: Partial<InvocationRecord> = {}) =>
  toSpan({ kind: "invocation", record: invocationOf(more) }, surroundings);

/** The attributes by their keys. */
function attributesOf(span: Span | undefined) {
  return Object.fromEntries(
    (span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]),
  );
}

describe("the span of a request", () => {
  test("is that of a server, with the names that OpenTelemetry gives HTTP", () => {
    const span = ofRequest();
    expect(span).toMatchObject({
      ...{ traceId: first, spanId: first.slice(16), name: "GET /hello", kind: 2 },
      startTimeUnixNano: "1700000000000000000",
      endTimeUnixNano: "1700000000002000000",
    });
    expect(span).not.toHaveProperty("parentSpanId");
    expect(span).not.toHaveProperty("status");
    expect(attributesOf(span)).toMatchObject({
      ...{ "http.request.method": "GET", "http.route": "/hello", "url.path": "/hello" },
      ...{ "url.scheme": "http", "http.response.status_code": "200" },
      "webtaskd.answer": "delivered",
    });
  });

  test("belongs to the client's trace", () => {
    expect(ofRequest({ traceparent: `${client}-01` })).toMatchObject({
      ...{ traceId: "1".repeat(32), parentSpanId: "2".repeat(16), spanId: first.slice(16) },
    });
  });

  test("is none where the client does not record its trace", () => {
    expect(ofRequest({ traceparent: `${client}-00` })).toBeUndefined();
    expect(ofInvocation({ traceparent: `${client}-00` })).toBeUndefined();
  });

  test("has an error where the server is at fault, and no task where none was found", () => {
    const span = ofRequest({ status: 504, answer: "timed-out", reason: "too late" });
    expect(span).toMatchObject({ status: { code: 2, message: "too late" } });
    const lost = ofRequest({
      ...{ status: 404, firstTraceId: undefined, traceId: undefined, task: undefined },
      ...{ deployment: undefined, release: undefined, method: "BREW" },
    });
    expect(lost).toMatchObject({ traceId: "b".repeat(32), name: "HTTP" });
    expect(lost).not.toHaveProperty("status");
    expect(attributesOf(lost)).toMatchObject({
      ...{ "http.request.method": "_OTHER", "http.request.method_original": "BREW" },
    });
    expect(attributesOf(lost)).not.toHaveProperty("http.route");
  });
});

describe("the span of an invocation", () => {
  test("is the child of its request's", () => {
    const span = ofInvocation();
    expect(span).toMatchObject({
      ...{ traceId: first, spanId: first.slice(0, 16), parentSpanId: ofRequest()?.spanId },
      ...{ name: "run hello", kind: 1 },
    });
    expect(attributesOf(span)).toMatchObject({
      ...{ "webtaskd.trace_id": first, "webtaskd.attempt": "1", "webtaskd.state": "COMPLETED" },
      ...{ "webtaskd.delivered": true, "webtaskd.handler_ms": 0.5, "webtaskd.queued_ms": "0" },
    });
    expect(span).not.toHaveProperty("links");
  });

  test("is linked to the attempt before it, in the same trace", () => {
    const record = { traceId: second, firstTraceId: first, previousTraceId: first, attempt: 2 };
    const link = { spanId: first.slice(0, 16) };
    expect(ofInvocation(record)).toMatchObject({
      ...{ traceId: first, spanId: second.slice(0, 16), parentSpanId: first.slice(16) },
      links: [{ ...link, traceId: first }],
    });
    expect(ofInvocation({ ...record, traceparent: `${client}-01` })).toMatchObject({
      traceId: "1".repeat(32),
      links: [{ ...link, traceId: "1".repeat(32) }],
    });
  });

  test("has an error and its stack where it failed", () => {
    const span = ofInvocation({
      ...{ state: "FAILED", code: "handler_failed", reason: "Cannot add", stack: "at add" },
    });
    expect(span?.status).toEqual({ code: 2, message: "Cannot add" });
    expect(attributesOf(span)).toMatchObject({ "error.type": "handler_failed" });
    expect(span?.events?.[0]?.attributes).toContainEqual({
      ...{ key: "exception.stacktrace", value: { stringValue: "at add" } },
    });
  });
});
