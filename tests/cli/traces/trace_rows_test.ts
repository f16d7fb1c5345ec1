import { expect, test } from "bun:test";
import { plainStyle } from "../../../runtime/cli/traces/style.ts";
import { toTraceJson, toTraceLine, traceHeader } from "../../../runtime/cli/traces/trace_rows.ts";
import { showDuration } from "../../../runtime/cli/traces/durations.ts";
import { toLogJson, toLogLines } from "../../../runtime/cli/traces/log_lines.ts";
import { sampleLine, sampleRow, sampleTimeMs, traceIdOf } from "../../traces/samples.ts";

const plain = { style: plainStyle, columns: undefined };

test("toTraceLine() lines up under the header", () => {
  const failed = sampleRow({
    ...{ state: "FAILED", status: undefined, delivered: false, attempt: 2 },
    reason: "Cannot run it: Error: no",
  });
  expect([traceHeader, toTraceLine(sampleRow(), plain), toTraceLine(failed, plain)]).toEqual([
    "STARTED                   STATE        STATUS   DURATION  TRACE                             REQUEST",
    `2026-11-24T10:00:00.123Z  COMPLETED       200    12.3 ms  ${traceIdOf("a")}  ` +
    "POST /orders acme-testing",
    `2026-11-24T10:00:00.123Z  FAILED            -    12.3 ms  ${traceIdOf("a")}  ` +
    "POST /orders acme-testing (attempt 2, not delivered, Cannot run it: Error: no)",
  ]);
});

test("toTraceLine() cuts the reason where the terminal ends", () => {
  const row = sampleRow({ state: "FAILED", reason: "x".repeat(200) });
  const line = toTraceLine(row, { style: plainStyle, columns: 140 });
  expect(line).toHaveLength(140);
  expect(line).toEndWith("x…");
});

test("toTraceLine() lets no control character through", () => {
  const line = toTraceLine(sampleRow({ path: "/a\x1b[2J\n", reason: "\x07\r\nfaked" }), plain);
  // deno-lint-ignore no-control-regex
  expect(line).not.toMatch(/[\x00-\x1f\x7f]/);
});

test("toTraceJson() has the stable names in order, and no others", () => {
  const row = { ...sampleRow({ durationMs: undefined }), pid: 7 };
  const json = JSON.parse(toTraceJson(row));
  expect(Object.keys(json).join(" ")).toBe(
    "traceId requestId attempt deployment release task method path state reason status " +
      "delivered startedAt durationMs",
  );
  expect(json).toMatchObject({ startedAt: sampleTimeMs, durationMs: null });
});

test("toLogLines() shows each line of a text, and no control characters", () => {
  const head = `2026-11-24T10:00:00.128Z info  acme-testing/orders trace=${traceIdOf("a")} | `;
  expect(toLogLines(sampleLine({ text: "one\ntwo\x1b[31m" }), plainStyle)).toEqual([
    `${head}one`,
    `${head}two\ufffd[31m`,
  ]);
  const raw = sampleLine({ stream: "stderr", level: "error", task: undefined, traceId: undefined });
  expect(toLogLines(raw, plainStyle)).toEqual([
    "2026-11-24T10:00:00.128Z stderr acme-testing | looking",
  ]);
});

test("toLogJson() writes one object", () => {
  expect(JSON.parse(toLogJson(sampleLine({ task: undefined })))).toEqual({
    time: "2026-11-24T10:00:00.128Z",
    ...{ sequence: 1, level: "info", stream: "console", deployment: "acme-testing", task: null },
    ...{ requestId: "request-1", traceId: traceIdOf("a"), text: "looking" },
  });
});

test.each([
  [0, "0 ms"],
  [0.04, "0 ms"],
  [12.34, "12.3 ms"],
  [100, "100 ms"],
  [1_000, "1 s"],
  [1_520, "1.52 s"],
  [60_000, "1 m 00 s"],
  [125_400, "2 m 05 s"],
  [3_725_000, "1 h 02 m"],
])("showDuration() writes %p as %p", (durationMs, text) => {
  expect(showDuration(durationMs)).toBe(text);
});
