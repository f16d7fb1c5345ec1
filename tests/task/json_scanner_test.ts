import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { findJsonError } from "../../runtime/task/json_scanner.ts";

const offences: readonly (readonly [text: string, index: number])[] = [
  ["", 0],
  ["  \n", 3],
  ["{", 1],
  ["[", 1],
  ["[1,]", 3],
  ["[,1]", 1],
  ["[1 2]", 3],
  ["[1}", 2],
  ['{"a":1,}', 7],
  ['{"a" 1}', 5],
  ['{"a":}', 5],
  ['{"a":1 "b":2}', 7],
  ["{a:1}", 1],
  ["{'a':1}", 1],
  ["{1:2}", 1],
  ["tru", 3],
  ["trux", 3],
  ["True", 0],
  ["nul l", 3],
  ["undefined", 0],
  ["NaN", 0],
  ["01", 1],
  ["-", 1],
  ["-a", 1],
  ["+1", 0],
  [".5", 0],
  ["1.", 2],
  ["1.e3", 2],
  ["1e", 2],
  ["1e+", 3],
  ["0x10", 1],
  ["1 2", 2],
  ["{} x", 3],
  ['"abc', 4],
  ['"a\nb"', 2],
  ['"a\\x"', 3],
  ['"\\u12G4"', 5],
  ['"\\', 2],
  ['"\\u12', 5],
  ["\u00a01", 0],
  ["// no", 0],
];

describe("findJsonError()", () => {
  test.each(offences)("finds the offending character of %j", (text, index) => {
    expect(findJsonError(text)).toBe(index);
    expect(() => JSON.parse(text)).toThrow();
  });

  test("finds nothing in JSON", () => {
    const valid = ' {"a" : [ 1, -0.5e+3, "\\u00e9\\n\u2028", true,false , null, {} ,[] ] }\r\n\t';
    expect(findJsonError(valid)).toBeUndefined();
    fc.assert(fc.property(fc.json(), (text) => findJsonError(text) === undefined));
  });

  test("agrees with JSON.parse on any text", () => {
    const almostJson = fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(
      ([text, at, junk]) =>
        text.slice(0, at % text.length) + junk + text.slice(at % text.length + 1),
    );
    const jsonLike = fc.string({ unit: fc.constantFrom(...'{}[],:"\\ 019.-+eEtrufalsn\n') });
    fc.assert(
      fc.property(fc.oneof(almostJson, jsonLike, fc.string()), (text) => {
        const index = findJsonError(text);
        expect(index === undefined).toBe(parses(text));
        if (index !== undefined) expect(index).toBeWithin(0, text.length + 1);
      }),
      { numRuns: 2000 },
    );
  });

  test("is not overthrown by depth", () => {
    const depth = 5 * 1024 * 1024;
    expect(findJsonError("[".repeat(depth))).toBe(depth);
    expect(findJsonError("[".repeat(depth / 2) + "]".repeat(depth / 2))).toBeUndefined();
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // The question was whether it throws.
    return false;
  }
}
