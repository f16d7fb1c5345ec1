import { expect, spyOn, test } from "bun:test";
import { firstIdDigits, IdSource } from "../../runtime/base/ids.ts";

test("IdSource hands out 32 lower-case hex digits, never the same twice", () => {
  const ids = new IdSource();
  const drawn = Array.from(
    { length: 5_000 },
    (_, index) => index % 2 === 0 ? ids.traceId() : ids.requestId(),
  );
  expect(drawn.filter((id) => !/^[0-9a-f]{32}$/.test(id))).toEqual([]);
  expect(new Set(drawn).size).toBe(drawn.length);
});

test("IdSource begins an identifier with the time, so that they sort by it", () => {
  let timeMs = Date.UTC(2026, 0, 2);
  const ids = new IdSource({ wallMs: () => timeMs });
  const first = [ids.traceId(), ids.requestId()];
  timeMs += 1;
  const second = ids.traceId();
  expect(first.map((id) => Number.parseInt(id.slice(0, 12), 16))).toEqual([timeMs - 1, timeMs - 1]);
  expect(first.every((id) => id < second)).toBe(true);
  expect(second.startsWith(firstIdDigits(timeMs))).toBe(true);
});

test("IdSource.traceId() is never all zero, whatever the clock says", () => {
  const random = spyOn(crypto, "getRandomValues");
  try {
    random.mockImplementationOnce(<T>(bytes: T) => bytes);
    expect(new IdSource({ wallMs: () => 0 }).traceId()).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
  } finally {
    random.mockRestore();
  }
});

test("IdSource draws random bytes for many identifiers at once", () => {
  const random = spyOn(crypto, "getRandomValues");
  try {
    const ids = new IdSource();
    for (let index = 0; index < 1_000; index++) ids.traceId();
    expect(random.mock.calls.length).toBeLessThan(10);
  } finally {
    random.mockRestore();
  }
});
