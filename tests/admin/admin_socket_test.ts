import { describe, expect, test } from "bun:test";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openAdminSocket } from "../../runtime/admin/admin_socket.ts";
import type { HttpAddress } from "../../runtime/platform/platform.ts";
import { platform } from "../../runtime/platform/bun.ts";
import { createTempFolder, type TempFolder } from "../temp_folder.ts";

/** Opens the socket of a server that answers with its name, and notes what it was told. */
async function open(folder: TempFolder, name: string) {
  const told: string[] = [];
  const server = await openAdminSocket({
    platform,
    path: join(folder.path, "admin.sock"),
    listen: (address: HttpAddress) =>
      platform.serveHttp({
        address,
        tls: undefined,
        reusePort: false,
        idleTimeoutSeconds: 5,
        handler: () => new Response(name),
      }),
    onShared: () => void told.push("shared"),
  });
  return { told, close: () => server.abort() };
}

async function answerAt(folder: TempFolder): Promise<string> {
  const unix = join(folder.path, "admin.sock");
  return await fetch("http://admin/", { unix, keepalive: false }).then(
    (response) => response.text(),
    () => "nobody",
  );
}

describe("openAdminSocket()", () => {
  test("listens for its owner alone, and leaves nothing behind", async () => {
    await using folder = await createTempFolder();
    const { told, close } = await open(folder, "one");
    expect((await stat(join(folder.path, "admin.sock"))).mode & 0o777).toBe(0o600);
    expect([await answerAt(folder), told]).toEqual(["one", []]);
    await close();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("takes the place of what a killed server left behind", async () => {
    await using folder = await createTempFolder();
    await writeFile(join(folder.path, "admin.sock"), "");
    const { told, close } = await open(folder, "one");
    expect([await answerAt(folder), told]).toEqual(["one", []]);
    await close();
  });

  test("tells of another server, and takes over from it when that stops", async () => {
    await using folder = await createTempFolder();
    const [one, two] = [await open(folder, "one"), await open(folder, "two")];
    expect([one.told, two.told, await answerAt(folder)]).toEqual([[], ["shared"], "two"]);
    await one.close();
    expect(await answerAt(folder)).toBe("two");
    await two.close();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("gives the path back to a server that outlives it", async () => {
    await using folder = await createTempFolder();
    const [one, two] = [await open(folder, "one"), await open(folder, "two")];
    await two.close();
    expect(await answerAt(folder)).toBe("one");
    await one.close();
    expect(await readdir(folder.path)).toEqual([]);
  });
});
