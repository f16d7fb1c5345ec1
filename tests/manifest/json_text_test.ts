import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseJsonText } from "../../runtime/manifest/json_text.ts";

test("parseJsonText() reads what JSON.stringify writes", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat({ max: 4 }), (value, indent) => {
    const text = JSON.stringify(value, null, indent);
    expect(parseJsonText(text)).toMatchObject({ kind: "parsed", value: JSON.parse(text) });
  }));
});

test("parseJsonText() refuses exactly what JSON.parse refuses", () => {
  const nearJson = fc.string({ unit: fc.constantFrom(..."{}[]\":,0123.-eE+tnfrualse\\ \n/'") });
  fc.assert(
    fc.property(nearJson, (text) => {
      expect(parseJsonText(text).kind).toBe(isJson(text) ? "parsed" : "broken");
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["{", 'the text ends too early: close the object with "}"'],
  ['{"a": 1', 'the text ends too early: close the object with "}"'],
  ['{"a": 1,', 'the text ends too early: close the object with "}"'],
  ['{"a": [1, ', 'the text ends too early: close the array with "]"'],
  ['{"a":', "the text ends too early: put a value here"],
  ["[1 2", 'put "," or "]" here'],
])("parseJsonText() says how %s should go on", (text, fix) => {
  expect(parseJsonText(text)).toEqual({ kind: "broken", offset: expect.any(Number), fix });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // What it says is not the point here.
    return false;
  }
}
