import { describe, expect, test } from "bun:test";
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { buildRelease, type Release } from "../../runtime/deploy/release.ts";
import { platform } from "../../runtime/platform/bun.ts";
import { createTempFolder, type TempFolder } from "../temp_folder.ts";

const app = { "app/cloudcode.json": "{}", "app/hello.ts": "hello", "app/lib/a.ts": "a" };

/** Makes a release that is used no longer than it takes to look at it. */
async function build(folder: TempFolder) {
  const { unlock, ...release } = await buildUsed(folder);
  unlock();
  return release;
}

function buildUsed(folder: TempFolder, releasesDir = join(folder.path, "releases")) {
  return buildRelease(join(folder.path, "app"), { releasesDir, platform });
}

/** What stays the same as long as nobody makes the folder anew. */
async function madeAt({ dir }: Pick<Release, "dir">): Promise<bigint> {
  return (await stat(join(dir, "hello.ts"), { bigint: true })).ino;
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
    const made = await madeAt(first);
    await folder.write(app);
    expect(await build(folder)).toEqual(first);
    expect(await madeAt(first)).toBe(made);
    expect(await readdir(join(folder.path, "releases"))).toEqual([first.id]);
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
    const first = await buildUsed(folder, releases);
    expect(await buildUsed(folder, releases)).toMatchObject({ id: first.id, dir: first.dir });
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

  test("removes no release that is in use, by this server or another", async () => {
    await using folder = await createTempFolder(app);
    const used = await buildUsed(folder);
    await utimes(used.dir, 1, 1);
    for (let version = 1; version <= 5; version++) {
      await folder.write({ "app/hello.ts": `version ${version}` });
      await build(folder);
    }
    const kept = () => readdir(join(folder.path, "releases"));
    expect(await kept()).toHaveLength(6);
    used.unlock();
    used.unlock();
    await build(folder);
    expect(await kept()).toHaveLength(5);
    expect(await kept()).not.toContain(used.id);
  });

  test("removes what a server left half made that was killed, and nothing that is under way", async () => {
    await using folder = await createTempFolder({
      ...app,
      "releases/.partial-old/lib/a.ts": "",
      "releases/.partial-used/lib/a.ts": "",
      "releases/.partial-new/lib/a.ts": "",
    });
    const at = (name: string) => join(folder.path, "releases", name);
    for (const name of [".partial-old", ".partial-used"]) await utimes(at(name), 1, 1);
    await chmod(at(".partial-old/lib"), 0o555);
    const lock = platform.lockFolder(at(".partial-used"), "shared");
    const { id } = await build(folder);
    lock?.unlock();
    expect((await readdir(at(""))).sort()).toEqual([".partial-new", ".partial-used", id]);
  });

  test("lets nobody write to a copy, and keeps what can be executed so", async () => {
    await using folder = await createTempFolder({ ...app, "app/lib/tool.sh": "#!/bin/sh" });
    await chmod(join(folder.path, "app/lib/tool.sh"), 0o750);
    const { dir } = await build(folder);
    const modeOf = async (name: string) => (await stat(join(dir, name))).mode & 0o777;
    expect(await Promise.all(["", "lib", "hello.ts", "lib/tool.sh"].map(modeOf))).toEqual([
      0o555,
      0o555,
      0o444,
      0o554,
    ]);
  });

  const tamperings: readonly (readonly [string, (dir: string) => Promise<unknown>])[] = [
    ["another text", (dir) => writeFile(join(dir, "hello.ts"), "hullo")],
    ["a file more", (dir) => writeFile(join(dir, ".hidden"), "")],
    ["a file less", (dir) => rm(join(dir, "lib/a.ts"))],
    ["a pipe", async (dir) => {
      await rm(join(dir, "hello.ts"));
      Bun.spawnSync(["mkfifo", join(dir, "hello.ts")]);
    }],
    ["a link", async (dir) => {
      await rm(join(dir, "hello.ts"));
      await symlink("/etc/passwd", join(dir, "hello.ts"));
    }],
    ["what is elsewhere", async (dir) => {
      await rename(dir, `${dir}/../../elsewhere`);
      await symlink("../elsewhere", dir);
    }],
    ["nothing at all", async (dir) => {
      await rm(dir, { recursive: true });
      await writeFile(dir, "");
    }],
  ];

  test.each(tamperings)("makes a copy anew that holds %s", async (_what, tamper) => {
    await using folder = await createTempFolder({ ...app, "app/node_modules/ms/index.js": "" });
    const first = await build(folder);
    await tamper(first.dir);
    expect(await build(folder)).toEqual({ ...first, isRepaired: true });
    expect(await readFile(join(first.dir, "hello.ts"), "utf8")).toBe("hello");
    expect(await readdir(join(folder.path, "releases"))).toEqual([first.id]);
    expect(await build(folder)).toEqual(first);
  });

  const packageChanges: readonly (readonly [string, string, string])[] = [
    ["the version of a package", "node_modules/ms/package.json", '{"version":"2.0.0"}'],
    ["a scoped package", "node_modules/@acme/log/package.json", '{"version":"2.0.0"}'],
    ["a package of a package", "node_modules/.package-lock.json", '{"packages":{}}'],
    ["a package in a store", "node_modules/.pnpm/ms@3.0.0/package.json", "{}"],
  ];

  test.each(packageChanges)("gives an app another release for %s", async (_what, file, text) => {
    await using folder = await createTempFolder({
      ...app,
      "node_modules/ms/package.json": '{"version":"1.0.0"}',
      "node_modules/@acme/log/package.json": '{"version":"1.0.0"}',
    });
    const { id } = await build(folder);
    expect((await build(folder)).id).toBe(id);
    await folder.write({ [file]: text });
    expect((await build(folder)).id).not.toBe(id);
  });

  test("gives an app the same release whatever the code of its packages", async () => {
    await using folder = await createTempFolder({ ...app, "app/node_modules/ms/index.js": "1" });
    const first = await build(folder);
    await folder.write({ "app/node_modules/ms/index.js": "2" });
    expect(await build(folder)).toEqual(first);
  });

  test("leaves out pipes, which nobody could read to their end", async () => {
    await using folder = await createTempFolder(app);
    Bun.spawnSync(["mkfifo", join(folder.path, "app/pipe")]);
    expect((await readdir((await build(folder)).dir)).sort()).toEqual([
      "cloudcode.json",
      "hello.ts",
      "lib",
    ]);
  });

  test("says which file or folder it cannot use", async () => {
    await using folder = await createTempFolder({ ...app, "releases": "a file in the way" });
    const error = await build(folder).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "RuntimeError", code: "file_failed" });
    expect(error.message).toContain(join(folder.path, "releases"));
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
      await buildUsed(folder, releases),
      await buildUsed(twin, releases),
    ];
    expect(first.id).not.toBe(second.id);
  });
});
