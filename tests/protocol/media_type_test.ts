import { expect, test } from "bun:test";
import { isAcceptedMediaType } from "../../runtime/gateway/media_type.ts";
import { isJsonType } from "../../runtime/protocol/media_type.ts";
import { toParams } from "../../runtime/task/params.ts";
import { postOf } from "../task/support.ts";

const types: readonly (readonly [type: string, isJson: boolean])[] = [
  ["application/json", true],
  ["Application/JSON", true],
  ["\tapplication/json ; charset=utf-8", true],
  ["application/problem+json", true],
  ["application/vnd.api+json;version=1", true],
  ["a'b%*`|~/x+json", true],
  ["application/jsonp", false],
  ["application/json, text/plain", false],
  ["application/json text/html", false],
  ["application/vnd(x)+json", false],
  ["application/x,y+json", false],
  ["application/é+json", false],
  ["a/b/c+json", false],
  ["application/+json", false],
  ["+json", false],
  ["text/json", false],
  ["", false],
];

test.each(types)("isJsonType() of %p is %p", (type, isJson) => {
  expect(isJsonType(type)).toBe(isJson);
});

test("isJsonType() of no type is false", () => expect(isJsonType(undefined)).toBe(false));

test.each(types)("what is merged into params as %p is let in as JSON, too", (type, isJson) => {
  const headers: Record<string, string> = { "content-type": type };
  const merged = toParams(postOf('{"a":1}', { headers }), '{"a":1}');
  expect(merged).toEqual(isJson ? { a: 1 } : {});
  expect(isAcceptedMediaType(type)).toBe(isJson || type === "");
});
