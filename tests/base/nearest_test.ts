import { expect, test } from "bun:test";
import { didYouMean, nearest } from "../../runtime/base/nearest.ts";

test.each([
  ["timeot", "timeout"],
  ["max_body", "maxBody"],
  ["TIMEOUT", "timeout"],
  ["colour", undefined],
])("nearest() finds for %p: %p", (word, meant) => {
  expect(nearest(word, ["timeout", "deadline", "maxBody", "cors"])).toBe(meant);
});

test("didYouMean() is empty when nothing is near", () => {
  expect(didYouMean("zzzzzz", ["timeout"])).toBe("");
  expect(didYouMean("timeot", ["timeout"])).toBe(', did you mean "timeout"?');
});
