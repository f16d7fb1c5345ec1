import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InvalidJsonError, parseJson } from "../../runtime/task/invalid_json.ts";

const samples: readonly (readonly [text: string, found: string, line: number, column: number])[] = [
  ["", "end", 1, 1],
  ['{"a":1,}', '"}"', 1, 8],
  ['{\n  "a": tru\n}', "U+000A", 2, 11],
  ['{\r\n\r\n  "a": x', '"x"', 3, 8],
  ["[1,\r2,\r\r x]", '"x"', 4, 2],
  ['["😀😀", x]', '"x"', 1, 8],
  ["😀", '"😀"', 1, 1],
  ['"\u202e', "end", 1, 3],
  ["[\u202e]", "U+202E", 1, 2],
  ['{"password":"secret" "b"}', '"\\""', 1, 22],
];

describe("parseJson()", () => {
  test.each(samples)("says where %j is wrong", (text, found, line, column) => {
    const error = caught(() => parseJson(text));
    expect(error).toBeInstanceOf(InvalidJsonError);
    expect(error).toBeInstanceOf(SyntaxError);
    expect(error).toMatchObject({
      name: "InvalidJsonError",
      message:
        `Cannot parse the request body as JSON: unexpected ${found} at line ${line}, column ${column}`,
      line,
      column,
    });
    expect(Object(error).cause).toBeUndefined();
  });

  test("gives a position inside the text for any garbage", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const error = caught(() => parseJson(`[${text}`));
      if (!(error instanceof InvalidJsonError)) return;
      const line = `[${text}`.split(/\r\n|\n|\r/)[error.line - 1];
      expect(line).toBeDefined();
      expect(error.column).toBeWithin(1, [...line ?? ""].length + 2);
    }));
  });

  test("returns what JSON.parse returns", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      expect(parseJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }));
  });
});

describe("InvalidJsonError.publicMessageOf()", () => {
  test("keeps the position whatever the author makes of the error", () => {
    const error = caught(() => parseJson("x"));
    Object.assign(Object(error), { message: "secret" });
    expect(InvalidJsonError.publicMessageOf(error)).toBe(
      'Cannot parse the request body as JSON: unexpected "x" at line 1, column 1',
    );
  });

  test("knows no look-alike", () => {
    const lookAlike = Object.assign(new SyntaxError("x"), { name: "InvalidJsonError" });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const value of [lookAlike, revoked.proxy, null, undefined, "x"]) {
      expect(InvalidJsonError.publicMessageOf(value)).toBeUndefined();
    }
  });
});

function caught(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
