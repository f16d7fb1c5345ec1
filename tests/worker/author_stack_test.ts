import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { platform } from "../../runtime/platform/bun.ts";
import { openSourceMap } from "../../runtime/platform/bun_source_map.ts";
import { type AuthorStackOptions, toAuthorStack } from "../../runtime/worker/author_stack.ts";
import { toExcerpt } from "../../runtime/worker/excerpt.ts";
import { SourceMaps } from "../../runtime/worker/source_maps.ts";
import { SourcePaths } from "../../runtime/worker/source_paths.ts";
import { createTempFolder } from "../temp_folder.ts";

const { readText } = platform;
const source = [
  "interface Order { id: number }",
  "",
  "export function get(order: Order) {",
  "  const label = `order ${order.id}`;",
  "  throw new Error(label);",
  "}",
  "",
].join("\n");

/** A release with a bundle of `src/order.ts`, which lies beside the author's folder. */
async function build(options: { readonly map: "linked" | "inline" }) {
  const folder = await createTempFolder({ "app/src/order.ts": source });
  const built = await Bun.build({
    entrypoints: [join(folder.path, "app/src/order.ts")],
    outdir: join(folder.path, "app/tasks"),
    minify: true,
    sourcemap: options.map,
  });
  if (!built.success) throw new Error("Cannot build the sample");
  const tasks = join(folder.path, "app/tasks");
  const release = join(folder.path, "data/releases/acme/1f");
  for (const name of ["order.js", ...options.map === "linked" ? ["order.js.map"] : []]) {
    await Bun.write(join(release, name), Bun.file(join(tasks, name)));
  }
  const bundle = await Bun.file(join(release, "order.js")).text();
  const column = bundle.indexOf("Error(") + 1;
  return {
    release,
    tasks,
    place: `${join(release, "order.js")}:1:${column}`,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const maps = () => new SourceMaps({ readText, openSourceMap });

describe("toAuthorStack()", () => {
  test.each(["linked", "inline"] as const)("follows a %s map to the source", async (map) => {
    await using built = await build({ map });
    const { release: dir, tasks: sourceDir, place } = built;
    const stack = `Error: order 1\n    at t (${place})\nCaused by: Error: x\n    at ${place}`;
    const lines = toAuthorStack(stack, { dir, sourceDir, maps: maps(), readText }).split("\n");
    const original = join(sourceDir, "../src/order.ts");
    expect(lines.slice(0, 5)).toEqual([
      "Error: order 1",
      "    3 | export function get(order: Order) {",
      "    4 |   const label = `order ${order.id}`;",
      "  > 5 |   throw new Error(label);",
      expect.stringMatching(/^ {6}\| +\^$/),
    ]);
    expect(lines.slice(5)).toEqual([
      "    6 | }",
      expect.stringContaining(`    at t (${original}:5:`),
      "Caused by: Error: x",
      expect.stringContaining(`    at ${original}:5:`),
    ]);
  });

  test("names the folder of the author where the runtime has followed the map", async () => {
    await using built = await build({ map: "linked" });
    const { release: dir, tasks: sourceDir } = built;
    const place = `file://${join(dir, "../src/order.ts")}:5:9`;
    const mapped = toAuthorStack(`Error: x\n    at get (${place})`, {
      ...{ dir, sourceDir, maps: undefined, readText },
    });
    expect(mapped).toContain("  > 5 |   throw new Error(label);");
    expect(mapped).toEndWith(`    at get (${join(sourceDir, "../src/order.ts")}:5:9)`);
  });

  test("leaves alone what is not the author's", async () => {
    await using folder = await createTempFolder({ "node_modules/x/i.js": "throw 1" });
    const options: AuthorStackOptions = {
      dir: folder.path,
      sourceDir: "./t",
      maps: maps(),
      readText,
    };
    for (
      const stack of [
        "Error: x",
        "Error: x\n    at native",
        `Error: x\n    at f (${folder.path}/node_modules/x/i.js:1:1)`,
        "Error: x\n    at f (/elsewhere/entirely/i.js:1:1)\n    at async f (node:fs:1:2)",
        `Error: x\n    at f (${folder.path}/none.js:1:1)`,
      ]
    ) expect(toAuthorStack(stack, options)).toBe(stack);
  });

  test("shows the author's line, not that of a package it called", async () => {
    await using folder = await createTempFolder({
      "node_modules/x/i.js": "throw 1",
      "a.ts": "one();\ntwo();\n",
    });
    const stack = `Error: x\nmore\n    at f (${folder.path}/node_modules/x/i.js:1:1)\n` +
      `    at async get (file://${folder.path}/a.ts:2:1)`;
    const mapped = toAuthorStack(stack, {
      dir: folder.path,
      sourceDir: "./t",
      maps: undefined,
      readText,
    });
    expect(mapped.split("\n").slice(0, 5)).toEqual([
      ...["Error: x", "more", "    1 | one();", "  > 2 | two();", "      | ^"],
    ]);
  });
});

test("SourcePaths.mapStack() keeps the stack when a map is none", async () => {
  await using folder = await createTempFolder({
    "a.js": "x\n//# sourceMappingURL=a.js.map\n",
    "a.js.map": "no JSON",
  });
  const boot = { dir: folder.path, sourceDir: "./tasks" };
  const paths = new SourcePaths(boot, { cwd: folder.path, maps: maps(), readText });
  expect(paths.mapStack(`Error: x\n    at f (${folder.path}/a.js:1:1)`))
    .toBe("Error: x\n    at f (./tasks/a.js:1:1)");
});

describe("toExcerpt()", () => {
  const text = "one\n\tif (x) two();\nthree\nfour\nfive";

  test.each<[number, number, readonly string[]]>([
    [1, 2, ["  > 1 | one", "      |  ^", "    2 | \tif (x) two();"]],
    [2, 9, ["    1 | one", "  > 2 | \tif (x) two();", "      | \t       ^", "    3 | three"]],
    [5, 1, ["    3 | three", "    4 | four", "  > 5 | five", "      | ^"]],
    [6, 1, []],
    [0, 1, []],
  ])("marks line %p, column %p", (line, column, excerpt) => {
    expect(toExcerpt(text, { line, column })).toEqual([...excerpt]);
  });

  test("shows the part of a long line that matters", () => {
    const bundle = `${"a".repeat(5_000)}HERE${"b".repeat(5_000)}`;
    const [line = "", mark = ""] = toExcerpt(bundle, { line: 1, column: 5_001 });
    expect(line.length).toBeLessThan(140);
    expect(line.indexOf("HERE")).toBe(mark.indexOf("^"));
  });
});
