import { describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, readlink, rm, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { buildRelease } from "../../runtime/deploy/release.ts";
import { createTempFolder, type TempFolder } from "../temp_folder.ts";

const app = { "app/cloudcode.json": "{}", "app/hello.ts": "hello", "app/lib/a.ts": "a" };

function build(folder: TempFolder) {
  return buildRelease(join(folder.path, "app"), join(folder.path, "releases"));
}

async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1)).sort();
}

describe("buildRelease()", () => {
  test("copies an app into a folder named after its contents", async () => {
    await using folder = await createTempFolder(app);
    const { id, dir } = await build(folder);
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(dir).toBe(join(folder.path, "releases", id));
    expect(await filesIn(dir)).toEqual(["cloudcode.json", "hello.ts", "lib/a.ts"]);
    await folder.write({ "app/hello.ts": "changed" });
    expect(await readFile(join(dir, "hello.ts"), "utf8")).toBe("hello");
  });

  test("gives an unchanged app the same release, and makes it once", async () => {
    await using folder = await createTempFolder(app);
    const first = await build(folder);
    await folder.write({ [`releases/${first.id}/mark`]: "" });
    await folder.write(app);
    expect(await build(folder)).toEqual(first);
    expect(await filesIn(first.dir)).toContain("mark");
  });

  test("names a release after what it holds, files saved meanwhile included", async () => {
    await using folder = await createTempFolder({ ...app, "app/big.bin": "x".repeat(4_000_000) });
    let isDone = false;
    const saving = (async () => {
      for (let version = 1; !isDone; version++) {
        await folder.write({ "app/hello.ts": `version ${version}` });
      }
    })();
    const saved = await Promise.all(Array.from({ length: 5 }, () => build(folder)))
      .finally(() => isDone = true);
    await saving;
    const { id = "", dir = "" } = saved.at(-1) ?? {};
    await folder.write({ "app/hello.ts": await readFile(join(dir, "hello.ts"), "utf8") });
    expect((await build(folder)).id).toBe(id);
  });

  const changes: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["other contents", { "app/hello.ts": "hullo" }],
    ["another file", { "app/b.ts": "" }],
    ["the same bytes in another place", { "app/hello.ts": "hell", "app/lib/a.ts": "oa" }],
  ];

  test.each(changes)("gives an app with %s another release", async (_what, files) => {
    await using folder = await createTempFolder(app);
    const { id } = await build(folder);
    await folder.write(files);
    const next = await build(folder);
    expect(next.id).not.toBe(id);
    expect((await readdir(join(folder.path, "releases"))).sort()).toEqual([id, next.id].sort());
  });

  test("gives an app the release it had before, when it changes back", async () => {
    await using folder = await createTempFolder(app);
    const first = await build(folder);
    await folder.write({ "app/hello.ts": "changed" });
    await build(folder);
    await folder.write(app);
    expect(await build(folder)).toEqual(first);
  });

  test("leaves out dot files, and links the app's packages", async () => {
    await using folder = await createTempFolder({
      ...app,
      "app/.env": "SECRET=1",
      "app/.git/config": "",
      "app/node_modules/ms/index.js": "",
    });
    const { dir } = await build(folder);
    expect((await readdir(dir)).sort()).toEqual([
      "cloudcode.json",
      "hello.ts",
      "lib",
      "node_modules",
    ]);
    expect(await readlink(join(dir, "node_modules"))).toBe(join(folder.path, "app/node_modules"));
  });

  test("links packages of a folder above the app", async () => {
    await using folder = await createTempFolder({ ...app, "node_modules/ms/index.js": "" });
    const { dir } = await build(folder);
    expect(await readlink(join(dir, "node_modules"))).toBe(join(folder.path, "node_modules"));
  });

  test("leaves out the folder of releases within the app", async () => {
    await using folder = await createTempFolder(app);
    const releases = join(folder.path, "app/data/releases/acme");
    const first = await buildRelease(join(folder.path, "app"), releases);
    expect(await buildRelease(join(folder.path, "app"), releases)).toEqual(first);
    expect(await filesIn(first.dir)).toEqual(["cloudcode.json", "hello.ts", "lib/a.ts"]);
  });

  test("copies what a link to a file leads to", async () => {
    await using folder = await createTempFolder({ ...app, "common.ts": "shared" });
    await symlink("../common.ts", join(folder.path, "app/shared.ts"));
    const { dir } = await build(folder);
    expect(await readFile(join(dir, "shared.ts"), "utf8")).toBe("shared");
  });

  test("keeps the releases used last, and removes what is older", async () => {
    await using folder = await createTempFolder(app);
    const releases = join(folder.path, "releases");
    const ids: string[] = [];
    for (let version = 1; version <= 5; version++) {
      await folder.write({ "app/hello.ts": `version ${version}` });
      const { id, dir } = await build(folder);
      await utimes(dir, version, version);
      ids.push(id);
    }
    // The first is used again, so that the second is the oldest.
    await folder.write({ "app/hello.ts": "version 1" });
    await build(folder);
    await folder.write({ "app/hello.ts": "version 6" });
    ids.push((await build(folder)).id);
    expect(await readdir(releases)).toHaveLength(5);
    expect(await readdir(releases)).not.toContain(ids[1] ?? "");
    expect(await readdir(releases)).toContain(ids[0] ?? "");
  });

  test("leaves nothing half made behind when a file cannot be copied", async () => {
    await using folder = await createTempFolder(app);
    await symlink("nowhere", join(folder.path, "app/dangling.ts"));
    const error = await build(folder).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "RuntimeError", code: "bad_app" });
    expect(error.message).toContain("dangling.ts");
    expect(await readdir(folder.path)).toEqual(["app"]);
    await rm(join(folder.path, "app/dangling.ts"));
    await build(folder);
  });

  test("refuses a link to a folder, and names it", async () => {
    await using folder = await createTempFolder(app);
    await mkdir(join(folder.path, "common"));
    await symlink("../common", join(folder.path, "app/shared"));
    const error = await build(folder).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "RuntimeError", code: "bad_app" });
    expect(error.message).toContain("shared");
  });

  test("made twice at the same time is made once", async () => {
    await using folder = await createTempFolder(app);
    const releases = await Promise.all([build(folder), build(folder), build(folder)]);
    expect(new Set(releases.map(({ id }) => id)).size).toBe(1);
    expect(await readdir(join(folder.path, "releases"))).toEqual([releases[0]?.id ?? ""]);
  });

  test("gives two folders with the same contents releases of their own", async () => {
    await using folder = await createTempFolder({ ...app, "other/cloudcode.json": "{}" });
    await using twin = await createTempFolder(app);
    const releases = join(folder.path, "releases");
    const [first, second] = [
      await buildRelease(join(folder.path, "app"), releases),
      await buildRelease(join(twin.path, "app"), releases),
    ];
    expect(first.id).not.toBe(second.id);
  });
});
