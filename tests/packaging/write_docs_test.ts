import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { generatedDocs } from "../../runtime/packaging/write_docs.ts";

test.each([...generatedDocs()])("%s is what the code generates", async (path, text) => {
  // When it is not: bun runtime/packaging/write_docs.ts
  expect(await readFile(new URL(`../../${path}`, import.meta.url), "utf8")).toBe(text);
});
