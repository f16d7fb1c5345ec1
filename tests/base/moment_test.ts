import { expect, test } from "bun:test";
import { parseMoment } from "../../runtime/base/moment.ts";

const nowMs = Date.UTC(2026, 10, 24, 10);

test.each<[string, number]>([
  ["10m", nowMs - 600_000],
  ["1.5h", nowMs - 5_400_000],
  ["2026-11-24", Date.UTC(2026, 10, 24)],
  ["2026-11-24T09:30Z", Date.UTC(2026, 10, 24, 9, 30)],
  ["2026-11-24 09:30:15.5Z", Date.UTC(2026, 10, 24, 9, 30, 15, 500)],
  ["2026-11-24T09:30:00+02:00", Date.UTC(2026, 10, 24, 7, 30)],
])("parseMoment() reads %p", (text, timeMs) => {
  expect(parseMoment(text, nowMs)).toEqual({ kind: "good", value: timeMs });
});

test.each(["", "10", "yesterday", "2026-13-01", "24.11.2026", "10m ago", "2026"])(
  "parseMoment() refuses %p with the fix",
  (text) => {
    expect(parseMoment(text, nowMs)).toMatchObject({
      kind: "bad",
      fix: expect.stringContaining('"10m"'),
    });
  },
);
