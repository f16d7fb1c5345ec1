import { expect, spyOn, test } from "bun:test";
import { IdSource } from "../../runtime/base/ids.ts";

test("IdSource hands out 32 lower-case hex digits, never the same twice", () => {
  const ids = new IdSource();
  const drawn = Array.from(
    { length: 5_000 },
    (_, index) => index % 2 === 0 ? ids.traceId() : ids.requestId(),
  );
  expect(drawn.filter((id) => !/^[0-9a-f]{32}$/.test(id))).toEqual([]);
  expect(new Set(drawn).size).toBe(drawn.length);
});

test("IdSource.traceId() is never all zero, IdSource.requestId() may be", () => {
  const random = spyOn(crypto, "getRandomValues");
  try {
    random.mockImplementationOnce(<T>(bytes: T) => bytes);
    expect(new IdSource().requestId()).toBe("0".repeat(32));
    random.mockImplementationOnce(<T>(bytes: T) => bytes);
    expect(new IdSource().traceId()).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
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
