import { describe, expect, test } from "bun:test";
import type { Log, LogFields } from "../../runtime/base/log.ts";
import { silentLog } from "../../runtime/base/log.ts";
import type {
  InvocationRecord,
  RequestRecord,
  TaskOutput,
} from "../../runtime/protocol/records.ts";
import { createReporter, type ReporterOptions } from "../../runtime/store/reporter.ts";
import { ManualClock } from "../manual_clock.ts";

const request: RequestRecord = {
  requestId: "request",
  traceId: "trace",
  firstTraceId: "trace",
  traceparent: undefined,
  deployment: "acme",
  release: "r1",
  task: "hello",
  method: "GET",
  path: "/hello",
  status: 200,
  answer: "delivered",
  reason: undefined,
  startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  durationMs: 12.34,
  captured: undefined,
  replayOf: undefined,
};
const invocation: InvocationRecord = {
  traceId: "trace",
  firstTraceId: "trace",
  previousTraceId: undefined,
  traceparent: undefined,
  requestId: "request",
  attempt: 1,
  deployment: "acme",
  release: "r1",
  task: "hello",
  method: "GET",
  pid: 7,
  state: "FAILED",
  code: "handler_failed",
  reason: "Cannot add",
  stack: "Error: Cannot add",
  status: undefined,
  delivered: true,
  startedAt: 0,
  durationMs: 5,
  queuedMs: 0,
  authenticateMs: 0.1,
  handlerMs: 4.5,
  cpuMs: undefined,
  peakRssBytes: undefined,
};
const call = { traceId: "trace", requestId: "request", task: "hello" };
const output: TaskOutput = { pid: 7, stream: "console", level: "warn", text: "hi", calls: [call] };

function createReporting(options: Partial<ReporterOptions> = {}) {
  let written = "";
  const logged: (readonly [string, LogFields | undefined])[] = [];
  const log: Log = {
    ...silentLog,
    debug: (event, fields) => void logged.push([`debug: ${event}`, fields]),
    warn: (event, fields) => void logged.push([event, fields]),
  };
  const reporter = createReporter({
    output: { write: (lines) => void (written += lines) },
    log,
    clock: new ManualClock(),
    format: "text",
    showRequests: true,
    ...options,
  });
  return { reporter, stderr: () => written, logged };
}

describe("createReporter() for people", () => {
  test("writes a line for each request", () => {
    const { reporter, stderr } = createReporting();
    reporter.requestEnded(request);
    reporter.requestEnded({
      ...request,
      traceId: undefined,
      deployment: undefined,
      path: "/nope",
      status: 404,
      reason: "no such task",
    });
    expect(stderr()).toBe(
      "2026-01-02T03:04:05.006Z GET /hello 200 12.3ms acme trace=trace\n" +
        "2026-01-02T03:04:05.006Z GET /nope 404 12.3ms - (no such task)\n",
    );
  });

  test("writes no requests where nobody looks", () => {
    const { reporter, stderr } = createReporting({ showRequests: false });
    reporter.requestEnded(request);
    expect(stderr()).toBe("");
  });

  test("logs invocations that did not complete, and those only", () => {
    const { reporter, logged } = createReporting();
    reporter.invocationEnded({ ...invocation, state: "COMPLETED" });
    reporter.invocationEnded(invocation);
    expect(logged).toEqual([["invocation.ended", {
      state: "FAILED",
      task: "hello",
      deployment: "acme",
      attempt: 1,
      delivered: true,
      trace: "trace",
      reason: "Cannot add",
      stack: "Error: Cannot add",
    }]]);
  });

  test.each(["text", "json"] as const)("warns of an overdue invocation, as %s", (format) => {
    const { reporter, logged } = createReporting({ format });
    const { traceId, requestId, attempt, deployment, task, pid } = invocation;
    reporter.invocationOverdue({
      ...{ traceId, requestId, attempt, deployment, task, pid },
      timeoutMs: 400,
    });
    expect(logged).toMatchObject([["invocation.overdue", { task: "hello", timeoutMs: 400 }]]);
    expect(JSON.stringify(logged)).toContain('"trace"');
  });

  test("logs a client's bad JSON quietly and without a stack", () => {
    const { reporter, logged } = createReporting();
    reporter.invocationEnded({ ...invocation, code: "invalid_json" });
    expect(logged).toEqual([["debug: invocation.ended", expect.any(Object)]]);
    expect(logged[0]?.[1]).not.toHaveProperty("stack");
  });

  const unserved: readonly (readonly [Partial<RequestRecord>, number])[] = [
    [{ status: 504, answer: "timed-out" }, 1],
    [{ status: 503, answer: "refused" }, 1],
    [{ status: 503, answer: "delivered" }, 0],
    [{ status: 404, answer: "refused" }, 0],
  ];

  test.each(unserved)("warns of requests that nobody could serve: %p", (record, lines) => {
    const { reporter, logged } = createReporting({ showRequests: false });
    reporter.requestEnded({ ...request, ...record, reason: "why" });
    expect(logged.map(([event]) => event)).toEqual(Array(lines).fill("request.unserved"));
    const atTerminal = createReporting();
    atTerminal.reporter.requestEnded({ ...request, ...record });
    expect(atTerminal.logged).toEqual([]);
  });

  test("warns of so many unserved requests a second, and counts the others", () => {
    const clock = new ManualClock();
    const { reporter, logged } = createReporting({ showRequests: false, clock });
    const refused: RequestRecord = { ...request, status: 503, answer: "refused" };
    for (let times = 0; times < 25; times++) reporter.requestEnded(refused);
    expect(logged).toHaveLength(10);
    clock.advance(1_000);
    reporter.requestEnded(refused);
    expect(logged.at(-1)?.[1]).toMatchObject({ status: 503, omitted: 15 });
  });

  test("writes what tasks print, line by line, with its owner", () => {
    const { reporter, stderr } = createReporting();
    reporter.output({ ...output, text: "one\ntwo" });
    reporter.output({ ...output, stream: "stderr", calls: [] });
    reporter.output({ ...output, stream: "stdout", calls: [call, { ...call, traceId: "other" }] });
    expect(stderr()).toBe(
      "hello trace=trace warn | one\nhello trace=trace warn | two\n" +
        "process 7 stderr | hi\nprocess 7 trace=trace trace=other stdout | hi\n",
    );
  });

  test.each(["\x1b[2J", "\x07", "\r", "\x9b31m", "\x00", "\x7f", "\n"])(
    "lets no control character through: %j",
    (control) => {
      const { reporter, stderr } = createReporting();
      reporter.requestEnded({ ...request, path: `/${control}x`, reason: `bad ${control}x` });
      reporter.output({ ...output, text: `a${control}b` });
      const lines = stderr().split("\n");
      expect(lines[0]).toEndWith("x)");
      // deno-lint-ignore no-control-regex
      expect(stderr()).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    },
  );
});

describe("createReporter() for machines", () => {
  test("writes one object a line", () => {
    const { reporter, stderr } = createReporting({ format: "json", showRequests: true });
    reporter.requestEnded({ ...request, reason: "two\nlines" });
    reporter.invocationEnded(invocation);
    reporter.output(output);
    reporter.output({ ...output, calls: [] });
    reporter.output({ ...output, calls: [call, call] });
    reporter.requestEnded({ ...request, status: 504, answer: "timed-out" });
    const { calls: _, ...printed } = output;
    const lines = stderr().trimEnd().split("\n").map((line) => JSON.parse(line));
    const { reason: __, ...ended } = request;
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(lines).toEqual([
      { time, level: "info", event: "request", ...ended, reason: "two\nlines" },
      { time, level: "warn", event: "invocation", ...JSON.parse(JSON.stringify(invocation)) },
      { time, event: "output", ...printed, ...call },
      { time, event: "output", ...printed, running: [] },
      { time, event: "output", ...printed, running: [call, call] },
      { time, level: "warn", event: "request", ...ended, status: 504, answer: "timed-out" },
    ]);
    expect(stderr()).toStartWith('{"time":"');
  });

  test("who did not ask for every request, writes what went wrong, and what tasks print", () => {
    const clock = new ManualClock();
    const { reporter, stderr } = createReporting({ format: "json", showRequests: false, clock });
    reporter.requestEnded(request);
    reporter.requestEnded({ ...request, status: 404, answer: "refused" });
    reporter.invocationEnded({ ...invocation, state: "COMPLETED" });
    reporter.invocationEnded({ ...invocation, code: "invalid_json" });
    expect(stderr()).toBe("");
    reporter.invocationEnded(invocation);
    reporter.output(output);
    for (let times = 0; times < 12; times++) {
      reporter.requestEnded({ ...request, status: 504, answer: "timed-out" });
    }
    clock.advance(1_000);
    reporter.requestEnded({ ...request, status: 504, answer: "timed-out" });
    const lines = stderr().trimEnd().split("\n").map((line) => JSON.parse(line));
    expect(lines.map(({ event }) => event)).toEqual([
      ...["invocation", "output"],
      ...Array(11).fill("request"),
    ]);
    expect(lines.at(-1)).toMatchObject({ status: 504, omitted: 2 });
  });
});
