import { expect, test } from "bun:test";
import { join } from "node:path";
import { root } from "../conformance/targets.ts";
import { runtimes } from "./runtimes.ts";

const program = join(import.meta.dir, "orphan.ts");

async function run(command: readonly string[], parentPid: number) {
  const child = Bun.spawn([...command, program, `${parentPid}`], { cwd: root, stderr: "inherit" });
  const told = await new Response(child.stdout).text();
  await child.exited;
  return { told, signal: child.signalCode };
}

test.each(runtimes)("$name: dieWithParent() ends who has lost its parent", async ({ command }) => {
  expect(await run(command, process.pid)).toEqual({ told: "alive", signal: null });
  // Whoever adopts orphans is another process than the one that has started them.
  expect(await run(command, 1)).toEqual({ told: "", signal: "SIGKILL" });
});
