import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { targets } from "./targets.ts";

const executables = targets.filter(({ name }) => name === "executable");

describe.each([...executables])("the $name", ({ command }) => {
  test("runs on its own, and takes no settings from files of the folder it is in", () => {
    const folder = mkdtempSync(join(tmpdir(), "wt-"));
    try {
      const program = join(folder, "webtaskd");
      copyFileSync(command[0] ?? "", program);
      writeFileSync(join(folder, ".env"), "WEBTASKD_PORT=not a port\n");
      writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./missing.ts"]\n');
      const run = (...args: string[]) => {
        const { exitCode, stderr } = Bun.spawnSync([program, ...args], { cwd: folder, env: {} });
        return { exitCode, stderr: stderr.toString() };
      };
      const done = { exitCode: 0, stderr: "" };
      expect(run("new", "hello")).toEqual(done);
      expect(run("check")).toEqual(done);
      // Without an app the settings are all that can be wrong: exit code 2 would name them.
      expect(run("serve", "./nothing")).toMatchObject({ exitCode: 1 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
