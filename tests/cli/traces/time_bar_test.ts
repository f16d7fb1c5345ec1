import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Axis, drawAxis, drawBar } from "../../../runtime/cli/traces/time_bar.ts";

const axis: Axis = { fromMs: 1000, toMs: 2000, width: 10 };

describe("drawBar()", () => {
  test.each<[string, readonly [queued: number, start: number, end: number | undefined], string]>([
    ["the whole axis", [1000, 1000, 2000], "━━━━━━━━━━"],
    ["the first half", [1000, 1000, 1499], "━━━━━     "],
    ["the end", [1900, 1900, 2000], "         ━"],
    ["a wait", [1000, 1500, 2000], "╌╌╌╌╌━━━━━"],
    ["a moment", [1500, 1500, 1500], "     ━    "],
    ["what has not ended", [1500, 1500, undefined], "     ━━━━▶"],
    ["what began before the axis", [0, 500, 1100], "━━        "],
    ["what ends after it", [1800, 1800, 9000], "        ━━"],
  ])("shows %s", (_, [queuedMs, startMs, endMs], bar) => {
    expect(drawBar({ queuedMs, startMs, endMs }, axis)).toBe(bar);
  });

  test("is as wide as its axis and never invisible, whatever the times are", () => {
    const timeMs = fc.integer({ min: 0, max: 10_000 });
    fc.assert(fc.property(
      fc.record({
        queuedMs: timeMs,
        startMs: timeMs,
        endMs: fc.option(timeMs, { nil: undefined }),
      }),
      fc.record({ fromMs: timeMs, toMs: timeMs, width: fc.integer({ min: 1, max: 200 }) }),
      (span, axis) => {
        const bar = drawBar(span, axis);
        expect(bar).toHaveLength(axis.width);
        expect(bar).toMatch(/[━▶]/);
      },
    ));
  });
});

test("drawAxis() writes its ends and its middle, as far as there is room", () => {
  const show = (durationMs: number) => `${durationMs}ms`;
  expect(drawAxis({ ...axis, width: 30 }, show)).toBe("0ms         500ms       1000ms");
  expect(drawAxis({ ...axis, width: 12 }, show)).toBe("0ms   1000ms");
});
