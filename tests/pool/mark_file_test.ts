import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MarkFile } from "../../runtime/pool/mark_file.ts";
import { markBytes, markInUse } from "../../runtime/protocol/start_mark.ts";
import { createTempFolder } from "../temp_folder.ts";

describe("MarkFile", () => {
  test("shows what a worker writes to the memory of it, at once", async () => {
    await using folder = await createTempFolder({ other: "" });
    const file = new MarkFile(join(folder.path, "1.mark"));
    const memory = Bun.mmap(file.path, { shared: true, size: markBytes });
    const mark = new Uint32Array(memory.buffer);
    mark[0] = markInUse;
    expect(file.read()).toBe(0);
    for (const id of [1, 2, 1, 2 ** 32 - 1]) {
      mark[1] = id;
      expect(file.read()).toBe(id);
    }
    file.close();
  });

  test("counts everything as started while no worker has mapped it", async () => {
    await using folder = await createTempFolder({ other: "" });
    const file = new MarkFile(join(folder.path, "1.mark"));
    expect(file.read()).toBe(Infinity);
    file.close();
  });

  test("can be read by nobody else, and is gone once it is closed, also twice", async () => {
    await using folder = await createTempFolder({ other: "" });
    const file = new MarkFile(join(folder.path, "1.mark"));
    const { mode, size } = statSync(file.path);
    expect([mode & 0o777, size]).toEqual([0o600, markBytes]);
    file.close();
    file.close();
    expect(readdirSync(folder.path)).toEqual(["other"]);
  });

  test("takes no file over that is there already", async () => {
    await using folder = await createTempFolder({ other: "" });
    const path = join(folder.path, "1.mark");
    writeFileSync(path, "theirs");
    expect(() => new MarkFile(path)).toThrow("EEXIST");
    expect([existsSync(path), statSync(path).size]).toEqual([true, 6]);
  });

  test("leaves nothing where there is no room for it", async () => {
    await using folder = await createTempFolder({ other: "" });
    const program = join(import.meta.dir, "mark_without_room.ts");
    // The signal that goes with the limit would end the program.
    const limited = 'trap "" XFSZ; ulimit -f 0; exec "$@"';
    const command = [process.execPath, program, join(folder.path, "1.mark")];
    const child = Bun.spawn(["sh", "-c", limited, "sh", ...command], { stderr: "inherit" });
    const told = await new Response(child.stdout).text();
    expect(JSON.parse(told)).toEqual({ thrown: "EFBIG", left: { handles: 0, file: false } });
  });
});
