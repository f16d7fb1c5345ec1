import { describe, expect, test } from "bun:test";
import { chmod, chown, mkdir, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Log, silentLog } from "../../runtime/base/log.ts";
import { openDataFolder } from "../../runtime/store/data_folder.ts";
import { createTempFolder } from "../temp_folder.ts";

const isRoot = userInfo().uid === 0;

async function open(path: string) {
  const events: string[] = [];
  const log: Log = { ...silentLog, warn: (event) => void events.push(event) };
  const refused = await openDataFolder(path, log).then(() => undefined, (error) => error);
  return { events, refused };
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe("openDataFolder()", () => {
  test("makes a folder for its owner alone, and takes it again", async () => {
    await using folder = await createTempFolder();
    const path = join(folder.path, "some/data");
    expect(await open(path)).toEqual({ events: [], refused: undefined });
    expect(await modeOf(path)).toBe(0o700);
    expect(await open(path)).toEqual({ events: [], refused: undefined });
  });

  test.each([
    ["is empty", undefined],
    ["has the data of a server", "data/releases/acme/1/hello.ts"],
  ])("closes one to others that %s, and says so", async (_what, file) => {
    await using folder = await createTempFolder(file === undefined ? {} : { [file]: "" });
    const path = join(folder.path, "data");
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
    expect(await open(path)).toEqual({ events: ["data.tightened"], refused: undefined });
    expect(await modeOf(path)).toBe(0o700);
  });

  test("refuses one that others use as well, and leaves it as it is", async () => {
    await using folder = await createTempFolder({ "data/theirs.txt": "" });
    const path = join(folder.path, "data");
    await chmod(path, 0o755);
    const { refused } = await open(path);
    expect(refused).toMatchObject({ name: "RuntimeError", code: "file_failed" });
    expect(refused.message).toContain('it has more in it, as "theirs.txt"');
    expect(await modeOf(path)).toBe(0o755);
    await chmod(path, 0o700);
    expect(await open(path)).toEqual({ events: [], refused: undefined });
  });

  test("refuses one that belongs to somebody else", async () => {
    await using folder = await createTempFolder({ "data/releases/keep": "" });
    const path = join(folder.path, "data");
    // Only the superuser can give a folder away; to anybody else the root folder is not their own.
    if (isRoot) await chown(path, 12_345, 12_345);
    const { refused } = await open(isRoot ? path : "/");
    expect(refused.message).toMatch(/user (12345|0) owns it/);
  });

  test("says so when a file is in the way", async () => {
    await using folder = await createTempFolder({ data: "" });
    const { refused } = await open(join(folder.path, "data/below"));
    expect(refused).toMatchObject({ name: "RuntimeError", code: "file_failed" });
    expect(refused.message).toEndWith("give another --data");
  });
});
