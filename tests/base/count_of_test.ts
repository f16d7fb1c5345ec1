import { expect, test } from "bun:test";
import { countOf } from "../../runtime/base/count_of.ts";

test.each([
  [0, "0 unused files"],
  [1, "1 unused file"],
  [2, "2 unused files"],
])("countOf() puts the noun after %p as it must be", (count, says) => {
  expect(countOf(count, "unused file")).toBe(says);
});
