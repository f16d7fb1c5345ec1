import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../runtime/base/units.ts";

test.each([
  ["60s", 60_000],
  ["1.5h", 5_400_000],
  ["250ms", 250],
  ["2 m", 120_000],
  ["24d", 2_073_600_000],
])("parseDuration() reads %s", (text, durationMs) => {
  expect(parseDuration(text)).toEqual({ kind: "good", value: durationMs });
});

test.each([
  ["60", 'give a duration with a unit, as "60s"'],
  ["20", 'give a duration with a unit, as "20s"'],
  ["", 'give a duration with a unit, as "60s"'],
  ["-1s", 'give a duration with a unit, as "60s"'],
  ["60 seconds ago", 'give a duration with a unit, as "60s"'],
  ["0s", "give a duration of at least 1ms"],
  ["0.1ms", "give a duration of at least 1ms"],
  ["25d", "give a duration of at most 24d"],
])("parseDuration() refuses %p", (text, fix) => {
  expect(parseDuration(text)).toEqual({ kind: "bad", fix });
});

test.each([
  ["5MiB", 5_242_880],
  ["5MB", 5_000_000],
  ["1.5KiB", 1536],
  ["100b", 100],
  ["1 GiB", 1_073_741_824],
])("parseSize() reads %s", (text, bytes) => {
  expect(parseSize(text)).toEqual({ kind: "good", value: bytes });
});

test.each(["5", "5M", "", "0B", "-1KiB", "1e3B", "99999999999GiB"])(
  "parseSize() refuses %p",
  (text) => expect(parseSize(text).kind).toBe("bad"),
);

test("formatDuration() writes what parseDuration() reads back", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (durationMs) => {
    expect(parseDuration(formatDuration(durationMs))).toEqual({ kind: "good", value: durationMs });
  }));
});

test("formatSize() writes what parseSize() reads back", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
    expect(parseSize(formatSize(bytes))).toEqual({ kind: "good", value: bytes });
  }));
});
