import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { silentLog } from "../../runtime/base/log.ts";
import { platform } from "../../runtime/platform/bun.ts";
import { openSocketFolder } from "../../runtime/pool/socket_folder.ts";
import { createTempFolder, type TempFolder } from "../temp_folder.ts";

function open(env: Readonly<Record<string, string>>) {
  return openSocketFolder({ env, lockFolder: platform.lockFolder }, silentLog);
}

/** A folder of long ago that looks like one of a gateway. */
async function leave(folder: TempFolder, name: string, files: readonly string[] = []) {
  const dir = join(folder.path, name);
  await mkdir(dir);
  for (const file of files) await writeFile(join(dir, file), "");
  await chmod(dir, 0o700);
  await utimes(dir, 1, 1);
}

describe("openSocketFolder()", () => {
  test("makes a private folder in the runtime directory, and removes it", async () => {
    await using folder = await createTempFolder();
    const { socketPath, remove } = await open({ XDG_RUNTIME_DIR: folder.path, TMPDIR: "/nowhere" });
    expect(dirname(dirname(socketPath))).toBe(folder.path);
    expect((await stat(dirname(socketPath))).mode & 0o777).toBe(0o700);
    await remove();
    expect(await readdir(folder.path)).toEqual([]);
  });

  const deep = "d".repeat(80);
  test.each([
    ["is missing", "missing"],
    ["is a file", "file"],
    ["has too long a path", deep],
  ])("takes the temporary folder where the runtime directory %s", async (_what, name) => {
    await using folder = await createTempFolder({ file: "", [`${deep}/keep`]: "", "tmp/keep": "" });
    const { socketPath, remove } = await open({
      XDG_RUNTIME_DIR: join(folder.path, name),
      TMPDIR: join(folder.path, "tmp"),
    });
    expect(socketPath).toStartWith(join(folder.path, "tmp"));
    await remove();
    expect(await readdir(join(folder.path, deep))).toEqual(["keep"]);
  });

  test.each([
    ["is missing", "missing", "no such file"],
    ["has too long a path", deep, "must be <= 107 bytes"],
  ])("says what to do where the temporary folder %s", async (_what, name, reason) => {
    await using folder = await createTempFolder({ [`${deep}/keep`]: "" });
    const error = await open({ TMPDIR: join(folder.path, name) }).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "RuntimeError", code: "file_failed" });
    expect(error.message).toContain(reason);
    expect(error.message).toEndWith("set TMPDIR to another folder");
  });

  test("removes what killed gateways left, and nothing else", async () => {
    await using folder = await createTempFolder();
    await leave(folder, "webtaskd-aaaaaa", ["gateway.sock"]);
    await leave(folder, "webtaskd-bbbbbb");
    await leave(folder, "webtaskd-backup", ["precious"]);
    await leave(folder, "webtaskd-longer-name");
    await leave(folder, "webtaskd-shared");
    await chmod(join(folder.path, "webtaskd-shared"), 0o755);
    const living = await open({ TMPDIR: folder.path });
    await utimes(dirname(living.socketPath), 1, 1);
    const next = await open({ TMPDIR: folder.path });
    const names = [living, next].map(({ socketPath }) => dirname(socketPath).split("/").at(-1));
    expect((await readdir(folder.path)).sort()).toEqual(
      ["webtaskd-backup", "webtaskd-longer-name", "webtaskd-shared", ...names.map(String)].sort(),
    );
    await Promise.all([living.remove(), next.remove()]);
  });
});
