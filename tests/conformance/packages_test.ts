import { describe, expect, test } from "bun:test";
import { createTempFolder } from "../temp_folder.ts";
import { expectAnswer } from "./cases.ts";
import { startServer } from "./server.ts";
import { targets } from "./targets.ts";

/** A package whose entry is no `index.js`: its package.json has to be read. */
function packageFiles(name: string, { entry, text }: { entry: object; text: string }) {
  const folder = `node_modules/${name}`;
  return {
    [`${folder}/package.json`]: JSON.stringify({ name, version: "1.0.0", ...entry }),
    [`${folder}/lib/entry.js`]: text,
  };
}

const app = {
  "cloudcode.json": JSON.stringify({
    app: "acme",
    version: "1.15",
    tasks: { packages: { web: true } },
  }),
  "package.json": JSON.stringify({ name: "acme", imports: { "#inside": "./inside.js" } }),
  "packages.ts": `
    import common from "common";
    import { name as modern } from "modern";
    import { name as scoped } from "@acme/scoped/part";
    import { name as inside } from "#inside";
    import indexed from "indexed";
    export const authenticate = ({ access }) => access.authorized();
    export const get = () => [common.name, modern, scoped, inside, indexed.name];`,
  "inside.js": 'export const name = "inside";',
  ...packageFiles("common", {
    entry: { main: "lib/entry.js" },
    text: 'module.exports = { name: "common" };',
  }),
  ...packageFiles("modern", {
    entry: { type: "module", exports: "./lib/entry.js" },
    text: 'export const name = "modern";',
  }),
  ...packageFiles("@acme/scoped", {
    entry: { type: "module", exports: { "./part": { import: "./lib/entry.js" } } },
    text: 'export const name = "scoped";',
  }),
  "node_modules/indexed/package.json": JSON.stringify({ name: "indexed", version: "1.0.0" }),
  "node_modules/indexed/index.js": 'module.exports = { name: "indexed" };',
};

describe.each([...targets])("$name: packages", (target) => {
  test("of the app's node_modules load, whatever their package.json calls the entry", async () => {
    await using folder = await createTempFolder(app);
    const server = await startServer(target, { apps: [folder.path] });
    try {
      expectAnswer(await server.fetch("/packages"), {
        status: 200,
        json: ["common", "modern", "scoped", "inside", "indexed"],
      });
      expect(server.output).not.toContain("task.broken");
    } finally {
      await server.stop();
    }
  });
});
