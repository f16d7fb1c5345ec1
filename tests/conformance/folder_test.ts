import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectAnswer } from "./cases.ts";
import { startServer } from "./server.ts";
import { root, targets } from "./targets.ts";

/** What a server that runs from its sources consists of. */
const parts = ["runtime", "docs", "package.json", "deno.json"];

describe("a checkout", () => {
  let folder = "";

  beforeAll(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "wt-")), "a b#ü");
    for (const part of parts) {
      await cp(join(root, part), join(folder, part), { recursive: true });
    }
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  });

  afterAll(() => rm(join(folder, ".."), { recursive: true, force: true }));

  for (const target of targets.filter(({ name }) => name !== "executable")) {
    test(`${target.name}: serves from a folder whose name a URL would write otherwise`, async () => {
      const command = target.command.map((word) =>
        word.replace(`${root}/runtime`, `${folder}/runtime`)
      );
      expect(command.join(" ")).toContain("a b");
      const server = await startServer({ ...target, command }, {});
      try {
        expectAnswer(await server.fetch("/hello"), { status: 200, json: { hello: "world" } });
      } finally {
        await server.stop();
      }
    });
  }
});
