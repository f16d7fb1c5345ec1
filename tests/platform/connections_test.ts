import { expect, test } from "bun:test";
import { join } from "node:path";
import { root } from "../conformance/targets.ts";

const program = join(import.meta.dir, "slow_reader.ts");
const bin = join(root, "node_modules/.bin");
const runtimes = [
  { name: "bun", command: [join(bin, "bun"), program] },
  { name: "deno", command: [join(bin, "deno"), "run", "-A", "--no-prompt", program] },
];

test.each(runtimes)(
  "$name: a connection keeps what a slow reader has not taken, unharmed",
  async ({ command }) => {
    const child = Bun.spawn(command, { cwd: root, stdin: "ignore", stderr: "inherit" });
    const told = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    expect(JSON.parse(told)).toEqual({ accepted: [], connected: [] });
  },
);
