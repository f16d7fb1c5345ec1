import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseQuery } from "../../runtime/database/query/parse.ts";
import { QueryError } from "../../runtime/database/query/query_error.ts";
import { operators, printTree, type Tree } from "../../runtime/database/query/tree.ts";

const fieldName = fc.oneof(
  fc.constantFrom("id", "and", "or", "in", "not", "contains", "starts", "with", "org", "org_id"),
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,8}$/),
);

const { tree } = fc.letrec<{ tree: Tree; term: Tree; chain: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 6, withCrossShrink: true }, tie("term"), tie("chain")),
  term: fc.record({
    kind: fc.constant("term" as const),
    field: fieldName,
    operator: fc.constantFrom(...operators),
    position: fc.constant(0),
  }),
  chain: fc.record({
    kind: fc.constantFrom("and" as const, "or" as const),
    parts: fc.array(tie("tree"), { minLength: 2, maxLength: 4 }),
  }),
}));

describe("the query language", () => {
  test("parses what it prints to the same tree", () => {
    fc.assert(fc.property(tree, (tree) => {
      expect(withoutPositions(parseQuery(printTree(tree)))).toEqual(tree);
    }));
  });

  test("answers any text with a tree or a QueryError", () => {
    const words = fc.constantFrom(
      ...operators,
      "and",
      "or",
      "(",
      ")",
      "?",
      " ",
      "a",
      "id",
      "'",
      "\0",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(words).map((all) => all.join(" ")),
    );
    fc.assert(fc.property(text, (text) => {
      try {
        parseQuery(text);
      } catch (error) {
        expect(error).toBeInstanceOf(QueryError);
      }
    }));
  });

  test.each([
    ["id=?", "id = ?"],
    ["a=? and b!=?", "a = ? and b != ?"],
    ["a<=?\tor\n b>=?", "a <= ? or b >= ?"],
    ["a starts  with ?", "a starts with ?"],
    ["a not in ?", "a not in ?"],
    ["((a = ?))", "a = ?"],
    ["a = ? or b = ? and c = ?", "a = ? or b = ? and c = ?"],
    ["(a = ? or b = ?) and c = ?", "(a = ? or b = ?) and c = ?"],
    ["in in ?", "in in ?"],
  ])("reads %p", (text, printed) => {
    expect(printTree(parseQuery(text))).toBe(printed);
  });

  test("binds and tighter than or", () => {
    expect(parseQuery("a = ? or b = ? and c = ?")).toMatchObject({
      kind: "or",
      parts: [{ field: "a" }, { kind: "and", parts: [{ field: "b" }, { field: "c" }] }],
    });
  });

  test.each<[text: string, position: number | undefined, says: string]>([
    ["", undefined, "empty"],
    ["  ", undefined, "empty"],
    ["a", 1, "an operator"],
    ["a =", 3, '? after "="'],
    ["a = 'x'", 4, "write ? in place of a value"],
    ["a = 5", 4, "write ? in place of a value"],
    ["a = ? andid = ?", 6, 'got "andid"'],
    ["a = ? and(b = ?)", 9, 'space before "("'],
    ["a = ?or b = ?", 5, 'space before "or"'],
    ["(a = ?)and b = ?", 7, 'space before "and"'],
    ["a in?", 4, 'space before "?"'],
    ["a = ? AND b = ?", 6, 'write "and"'],
    ["a LIKE ?", 2, 'write "contains"'],
    ["a == ?", 2, 'write "="'],
    ["a <> ?", 2, 'write "!="'],
    ["a = ? and", 9, 'a field or "("'],
    ["(a = ?", 0, 'close this "("'],
    ["a = ?)", 5, "no parenthesis is open"],
    ["()", 1, 'a field or "("'],
    ["a = ??", 5, 'space before "?"'],
    ["a = ? b = ?", 6, '"and" or "or"'],
    ["a = ?; drop table x", 5, '";"'],
    ["ä = ?", 0, '"ä"'],
    ["not a = ?", 4, "an operator"],
  ])("refuses %p", (text, position, says) => {
    const error = errorOf(text);
    expect(error.position).toBe(position);
    expect(error.message).toContain(says);
    expect(error.query).toBe(text);
  });

  test("prints the query with a caret at the mistake", () => {
    expect(errorOf("a = ? andid = ?").message).toBe(
      'Cannot parse the query: expected "and" or "or", got "andid"\n' +
        "  a = ? andid = ?\n" +
        "        ^",
    );
  });

  test("shows only the part of a long query around the caret", () => {
    const { message } = errorOf(`${"aaa = ? and ".repeat(500)}!`);
    const lines = message.split("\n");
    expect(lines[1]?.length).toBeLessThan(100);
    expect(lines[2]?.indexOf("^")).toBe(lines[1]?.indexOf("!"));
  });

  test("nests at most 100 parentheses", () => {
    const nested = (depth: number) => `${"(".repeat(depth)}a = ?${")".repeat(depth)}`;
    expect(printTree(parseQuery(nested(100)))).toBe("a = ?");
    expect(errorOf(nested(101))).toMatchObject({ position: 100 });
    expect(errorOf("(".repeat(60_000))).toBeInstanceOf(QueryError);
  });

  test("takes texts of at most 64 KiB", () => {
    const long = `a = ?${" ".repeat(64 * 1024 - 5)}`;
    expect(printTree(parseQuery(long))).toBe("a = ?");
    expect(errorOf(`${long} `).message).toContain("must be <= 65536 characters: got 65537");
    expect(errorOf("a = ? and ".repeat(100_000)).message).toContain("got 1000000");
  });
});

function errorOf(text: string): QueryError {
  try {
    parseQuery(text);
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error(`Cannot be refused: ${text}`);
}

function withoutPositions(tree: Tree): Tree {
  return tree.kind === "term"
    ? { ...tree, position: 0 }
    : { ...tree, parts: tree.parts.map(withoutPositions) };
}
