import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../conformance/targets.ts";
import { runtimes } from "./runtimes.ts";

describe.each(runtimes)("$name: a connection", ({ command }) => {
  test("keeps what a slow reader has not taken, unharmed", async () => {
    const program = join(import.meta.dir, "slow_reader.ts");
    const child = Bun.spawn([...command, program], { cwd: root, stderr: "inherit" });
    const told = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    expect(JSON.parse(told)).toEqual({ accepted: [], connected: [] });
  });

  test("that comes while there is no file handle is accepted once there is one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wt-handles-"));
    const path = join(folder, "peer.sock");
    const program = join(import.meta.dir, "short_of_handles.ts");
    await using child = Bun.spawn(
      ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh", ...command, program, path],
      { cwd: root, stderr: "inherit" },
    );
    const told = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      expect(await told.read()).toMatchObject({ value: "no handle left\n" });
      const peer = createConnection(path);
      const greeting = new Promise<string>((resolve) =>
        peer.once("data", (bytes) => resolve(`${bytes}`))
      );
      await new Promise((resolve) => peer.once("connect", resolve));
      child.kill("SIGHUP");
      expect(await greeting).toBe("welcome");
      peer.destroy();
    } finally {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
