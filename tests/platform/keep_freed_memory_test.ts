import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import process from "node:process";
import { root } from "../conformance/targets.ts";
import { runtimes } from "./runtimes.ts";

const program = join(import.meta.dir, "keeper.ts");
const { MIMALLOC_PURGE_DELAY: _, ...inherited } = process.env;
const given = ["serve", "two words", "--port", "0"];

describe.each(runtimes)("$name: a program that keeps freed memory", ({ name, command }) => {
  const tell = async (env: Readonly<Record<string, string>>) => {
    await using child = Bun.spawn([...command, program, ...given], {
      cwd: root,
      env: { ...inherited, ...env },
      stderr: "inherit",
    });
    return { child: child.pid, told: JSON.parse(await new Response(child.stdout).text()) };
  };

  test("goes on in the same process, with the same arguments", async () => {
    const { child, told } = await tell({});
    expect(told).toMatchObject({ pid: child, args: given });
  });

  test("has the allocator wait for minutes, where it is Bun's", async () => {
    const { told } = await tell({});
    const settings = { MIMALLOC_PURGE_DELAY: "300000", MIMALLOC_PURGE_HOLES: "0" };
    expect(told.allocator).toEqual(name === "bun" ? settings : {});
  });

  test("keeps what a shell has opened for it", async () => {
    const shell = `exec 9<package.json; exec "$@" /dev/fd/9`;
    await using child = Bun.spawn(["bash", "-c", shell, "bash", ...command, program], {
      cwd: root,
      env: inherited,
      stderr: "inherit",
    });
    const { args, readable } = JSON.parse(await new Response(child.stdout).text());
    expect({ args, readable }).toEqual({ args: ["/dev/fd/9"], readable: true });
  });

  test("leaves the choice to whoever has made one", async () => {
    const { told } = await tell({ MIMALLOC_PURGE_DELAY: "100" });
    expect(told.allocator).toEqual({ MIMALLOC_PURGE_DELAY: "100" });
  });
});
