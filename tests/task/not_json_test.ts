import { describe, expect, test } from "bun:test";
import { whyNotJson } from "../../runtime/task/not_json.ts";

describe("whyNotJson()", () => {
  test("names a BigInt and where it is", () => {
    expect(whyNotJson(1n)).toBe("$ is a BigInt");
    expect(whyNotJson({ a: [{ b: 1n }] })).toBe("$.a[0].b is a BigInt");
  });

  test("names both ends of a cycle", () => {
    const inner: Record<string, unknown> = {};
    inner["self"] = [inner];
    expect(whyNotJson({ inner })).toBe("$.inner.self[0] refers back to $.inner");
  });

  test("does not take an object that occurs twice for a cycle", () => {
    const twice = {};
    expect(whyNotJson({ a: twice, b: [twice, 1n] })).toBe("$.b[1] is a BigInt");
  });

  test("names what throws when it is read", () => {
    const fail = () => {
      throw new RangeError("boom");
    };
    expect(whyNotJson({ a: { toJSON: fail } })).toBe("reading $.a fails: RangeError: boom");
    expect(whyNotJson({
      get b() {
        return fail();
      },
    })).toBe("reading $.b fails: RangeError: boom");
    expect(whyNotJson(new Proxy({}, { ownKeys: fail }))).toBe("RangeError: boom");
  });

  test("looks at what toJSON() makes of a value", () => {
    expect(whyNotJson({ a: { toJSON: () => ({ b: 1n }) } })).toBe("$.a.b is a BigInt");
  });

  test("gives up on excessive depth", () => {
    let deep: unknown = 1n;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(whyNotJson(deep)).toBe("it is nested more than 1000 levels deep");
  });
});
