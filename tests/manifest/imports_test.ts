import { expect, test } from "bun:test";
import { findImportWarnings } from "../../runtime/manifest/import_warnings.ts";
import { findImports } from "../../runtime/manifest/imports.ts";
import { createTempFolder } from "../temp_folder.ts";

test.each([
  ['import a from "x";', ["x"]],
  ['import "x"', ["x"]],
  ['import a, { b as c } from "x"', ["x"]],
  ['import * as a from "x"; import {\n b,\n} from "y"', ["x", "y"]],
  ['import { type A } from "x"', ["x"]],
  ['export { a } from "x"; export * from "y"; export * as b from "z"', ["x", "y", "z"]],
  ['const a = await import("x")', ["x"]],
  ['import type { A } from "x"', []],
  ['export type { A } from "x"', []],
  ['import type from "x"', ["x"]],
  ["// import 'x'\n/* import 'y' */ import 'z'", ["z"]],
  ["const s = \"import 'x'\"; const t = 'import \"y\"'", []],
  ["const t = `import 'x' ${await import('y')} from 'z'`", ["y"]],
  ["const t = `${{ a: `${1}` }} import 'x'`; import 'y'", ["y"]],
  ["const r = /[/'\"`]/; import 'x'", ["x"]],
  ["const q = a / b; import 'x'; c / d", ["x"]],
  ["a.import('x'); import.meta.url; const from = 'y'", []],
  ['await import("./lang/" + name); await import("x" as string); await import("y",)', ["y"]],
  ["export const a = 1; const b = from\n'x'", []],
  ["export { a };\nconst from = 'x'", []],
  ["const c = { import: 'x' }", []],
])("findImports() of %p", (source, specifiers) => {
  expect(findImports(source).map(({ specifier }) => specifier)).toEqual(specifiers);
});

test("findImports() tells line and type", () => {
  const source = 'import a from "./a.json" with { type: "json" };\n' +
    'const b = await import("./b.json", { with: { type: "json" } });\nimport c from "./c.json";';
  expect(findImports(source)).toEqual([
    { specifier: "./a.json", line: 1, type: "json" },
    { specifier: "./b.json", line: 2, type: "json" },
    { specifier: "./c.json", line: 3, type: undefined },
  ]);
});

test("findImportWarnings() follows imports through the app", async () => {
  await using folder = await createTempFolder({
    "a.ts": `import data from "./data.json";
      import { helper } from "./lib/helper";
      import { TaskContext } from "@journeyapps/cloudcode";
      import { readFile } from "node:fs/promises";
      import pkg from "installed";`,
    "data.json": "{}",
    "lib/helper.ts": `import "../a.ts"; import good from "../data.json" with { type: "json" };
      import "./gone"; import { Database } from "bun:sqlite"; import x from "npm:x";
      import { T } from "only-types"; import style from "./style.css"; import "./sub/"; `,
    "lib/style.css": "",
    "lib/sub/index.js": "",
    "unused.ts": 'import "./gone";',
    "node_modules/installed/package.json": "{}",
  });
  const warnings = await findImportWarnings(folder.path, ["a.ts"]);
  const lines = warnings.map(({ file, line, message }) =>
    `${file.replace(`${folder.path}/`, "")}:${line}: ${message.split(":").slice(0, 2).join(":")}`
  );
  expect(lines).toEqual([
    'a.ts:1: "./data.json": add with { type',
    'lib/helper.ts:2: "./gone": there is no such file',
    'lib/helper.ts:2: "bun:sqlite"',
    'lib/helper.ts:2: "npm:x"',
    expect.stringContaining('lib/helper.ts:3: "only-types": it is not in node_modules'),
    expect.stringContaining('lib/helper.ts:3: "./style.css": add with'),
  ]);
});
