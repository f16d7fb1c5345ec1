import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createFile, replaceFile } from "../../runtime/base/files.ts";
import { createTempFolder } from "../temp_folder.ts";

test("createFile() leaves a file that exists as it was, and no temporary one", async () => {
  await using folder = await createTempFolder({ a: "old" });
  const creation = createFile(join(folder.path, "a"), "new");
  await expect(creation).rejects.toMatchObject({ code: "file_exists" });
  expect(await folder.read("a")).toBe("old");
  expect(await readdir(folder.path)).toEqual(["a"]);
});

test("replaceFile() creates folders on the way and replaces what is there", async () => {
  await using folder = await createTempFolder();
  await replaceFile(join(folder.path, "deep/a"), "one");
  await replaceFile(join(folder.path, "deep/a"), "two");
  expect(await folder.read("deep/a")).toBe("two");
  expect(await readdir(join(folder.path, "deep"))).toEqual(["a"]);
});

test("replaceFile() says which file it cannot write", async () => {
  await using folder = await createTempFolder({ a: "a file" });
  const path = join(folder.path, "a/b");
  await expect(replaceFile(path, "")).rejects.toMatchObject({ code: "file_failed" });
});
