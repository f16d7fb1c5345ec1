import { expect, test } from "bun:test";
import { toTree } from "../../../runtime/cli/traces/request_tree.ts";
import { chooseStyle, plainStyle } from "../../../runtime/cli/traces/style.ts";
import {
  sampleLine,
  sampleRequest,
  sampleTimeMs,
  sampleTrace,
  traceIdOf,
} from "../../traces/samples.ts";

const options = { style: plainStyle, columns: 60, nowMs: sampleTimeMs + 240_000 };

const late = sampleTrace({
  ...{ status: 201, delivered: false, durationMs: 150_000, handlerMs: 149_990, queuedMs: 0 },
  lines: [sampleLine(), sampleLine({ level: "warn", text: "slow\nvery" })],
  omittedLines: 12,
});
const failed = sampleTrace({
  ...{ traceId: traceIdOf("b"), attempt: 2, state: "FAILED", status: undefined, pid: 78 },
  ...{ startedAt: sampleTimeMs + 60_000, durationMs: 90_000, queuedMs: 30_000, delivered: false },
  ...{ authenticateMs: undefined, handlerMs: undefined, cpuMs: undefined },
  peakRssBytes: undefined,
  code: "handler_failed",
  reason: "Cannot run post: Error: no luck",
  stack: "Error: no luck\n    at post (tasks/orders.ts:3:9)\nCaused by: TypeError: x",
});

test("toTree() shows attempts with bars on one axis, their errors and their output", () => {
  const request = sampleRequest({
    ...{ status: 504, answer: "timed-out", durationMs: 180_000, traceId: traceIdOf("b") },
    reason: "no attempt answered in time",
    invocations: [late, failed],
  });
  expect(toTree(request, options)).toEqual([
    "POST /orders  504 timed-out",
    "  request     request-1",
    "  deployment  acme-testing, task orders, release 5f1c8b7e2a90d364",
    "  came        2026-11-24T10:00:00.123Z, took 3 m 00 s, from 127.0.0.1, 12 bytes in, " +
    "80 bytes out",
    "  reason      no attempt answered in time",
    "",
    "   0 ms              1 m 30 s          3 m 00 s",
    "   ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ answered 504",
    `├─ attempt 1  COMPLETED 201, not delivered  trace ${traceIdOf("a")}`,
    "│  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
    "│  0 ms to 2 m 30 s  queued 0 ms  authenticate 2.3 ms  handler 2 m 30 s  cpu 3.5 ms  " +
    "memory 45 MiB  process 77",
    "│      +5 ms info  looking",
    "│      +5 ms warn  slow",
    "│      +5 ms warn  very",
    "│  … 12 more lines, not kept",
    `└─ attempt 2  FAILED, not delivered  trace ${traceIdOf("b")}`,
    "          ╌╌╌╌╌╌╌━━━━━━━━━━━━━━━━━━━━━━━",
    "   1 m 00 s to 2 m 30 s  queued 30 s  process 78",
    "   Cannot run post: Error: no luck",
    "         at post (tasks/orders.ts:3:9)",
    "     Caused by: TypeError: x",
  ]);
});

test("toTree() says a reason once", () => {
  const request = sampleRequest({ reason: failed.reason, invocations: [failed] });
  expect(toTree(request, options).filter((line) => line.includes("no luck"))).toHaveLength(1);
});

test("toTree() shows what still runs up to now", () => {
  const running = sampleTrace({ state: "RUNNING", status: undefined, durationMs: undefined });
  const request = sampleRequest({
    ...{ status: undefined, answer: undefined, durationMs: undefined, requestBytes: undefined },
    ...{ client: undefined, responseBytes: undefined },
    invocations: [running],
  });
  const lines = toTree(request, options);
  expect(lines).toContain("POST /orders  open");
  expect(lines).toContain("  came        2026-11-24T10:00:00.123Z, still open");
  expect(lines.filter((line) => line.includes("▶"))).toEqual([
    `   ${"━".repeat(43)}▶ open`,
    `   ${"━".repeat(43)}▶`,
  ]);
  expect(lines).toContain(`└─ attempt 1  RUNNING  trace ${traceIdOf("a")}`);
});

test("toTree() shows a request that no task ran for, and what was captured of it", () => {
  const captured = {
    ...{ headers: [["x-a", "1"]] as const, query: "", contentType: undefined, body: undefined },
    redacted: ["header:cookie", "body"],
  };
  const lines = toTree(
    sampleRequest({
      ...{ deployment: undefined, status: 404, answer: "refused", traceId: undefined, captured },
      ...{ reason: "no deployment has this host", replayOf: "request-0", invocations: [] },
    }),
    options,
  );
  expect(lines[0]).toBe("POST /orders  404 refused");
  expect(lines).toContain("  replay of   request-0");
  expect(lines).toContain("  captured    1 header, no body; without header:cookie, body");
  expect(lines.at(-1)).toEndWith("answered 404");
});

test("toTree() lets no control character but its own through", () => {
  const evil = "\x1b]0;x\x07\r";
  const lines = toTree(
    sampleRequest({
      path: evil,
      ...{ reason: evil, replayOf: evil, task: evil, client: evil },
      invocations: [
        sampleTrace({
          traceId: evil,
          reason: evil,
          stack: `${evil}\n${evil}`,
          lines: [sampleLine({ text: evil })],
        }),
      ],
    }),
    options,
  );
  // deno-lint-ignore no-control-regex
  expect(lines.join("")).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f]/);
});

test.each([
  [true, {}, true],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [false, {}, false],
])("chooseStyle() colours on a terminal (%p) unless %p says no", (isTerminal, env, isColoured) => {
  const style = chooseStyle({ isTerminal: () => isTerminal, env });
  expect(style.state("FAILED", "x").includes("\x1b[31m")).toBe(isColoured);
});
