import { expect, test } from "bun:test";
import { join } from "node:path";
import { checkGeneratedQueries } from "./generated_queries.ts";

const root = join(import.meta.dir, "../..");
const script = join(import.meta.dir, "generated_queries.ts");

test(
  "a generated query finds the rows that a walk over all of them finds, in its order",
  async () => {
    await checkGeneratedQueries();
  },
  60_000,
);

test("a generated query finds them on Deno, too", async () => {
  const deno = join(root, "node_modules/.bin/deno");
  const child = Bun.spawn([deno, "run", "-A", "--no-prompt", script], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
  });
  expect([await new Response(child.stderr).text(), await child.exited]).toEqual(["", 0]);
}, 60_000);
