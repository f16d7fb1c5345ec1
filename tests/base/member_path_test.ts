import { expect, test } from "bun:test";
import { parseMemberPath } from "../../runtime/base/member_path.ts";

test.each<[string, readonly string[]]>([
  ["$.password", ["password"]],
  ["card.number", ["card", "number"]],
  ["$.items[*].code", ["items", "*", "code"]],
  ["items[0]", ["items", "0"]],
  ["$[*]", ["*"]],
  ["*.code", ["*", "code"]],
  ['$["a.b"].c', ["a.b", "c"]],
])("parseMemberPath() reads %p", (text, steps) => {
  expect(parseMemberPath(text)).toEqual({ kind: "good", value: { text, steps } });
});

test.each(["", "$", "$.", "a..b", "a.", "a[", "a[x]", 'a["b', "a[0]b", ".a.b]"])(
  "parseMemberPath() refuses %p",
  (text) => {
    expect(parseMemberPath(text)).toMatchObject({ kind: "bad" });
  },
);
