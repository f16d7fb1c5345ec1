import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readFacts, type Sources } from "./architecture/facts.ts";
import { findViolations } from "./architecture/rules.ts";

const root = join(import.meta.dir, "..");

describe("architecture", () => {
  test("of runtime/ and mod.ts keeps every rule", async () => {
    const sources = projectSources();
    expect(Object.keys(sources).length).toBeGreaterThan(5);
    expect(findViolations(await readFacts(sources))).toEqual([]);
  });
});

/** Samples that break one rule each, and the start of what the checker must say. */
const violations: readonly (readonly [rule: string, sources: Sources, complaint: string])[] = [
  [
    "an import upwards",
    { "runtime/base/a.ts": `import { b } from "../pool/b.ts";`, "runtime/pool/b.ts": "" },
    `runtime/base/a.ts: "base" may not import "pool"`,
  ],
  [
    "a type import upwards",
    { "runtime/task/a.ts": `import type { B } from "../worker/b.ts";`, "runtime/worker/b.ts": "" },
    `runtime/task/a.ts: "task" may not import "worker"`,
  ],
  [
    "an import() type upwards",
    { "runtime/base/a.ts": `export type A = import("../store/b.ts").B;`, "runtime/store/b.ts": "" },
    `runtime/base/a.ts: "base" may not import "store"`,
  ],
  [
    "a dynamic import upwards",
    { "runtime/server.ts": `await import("./worker/b.ts");`, "runtime/worker/b.ts": "" },
    `runtime/server.ts: "server" may not import "worker"`,
  ],
  [
    "a command that imports what only another may",
    { "runtime/cli/check.ts": `import "../server.ts";`, "runtime/server.ts": "" },
    `runtime/cli/check.ts: "cli" may not import "server"`,
  ],
  [
    "the worker imported by the gateway",
    { "runtime/gateway/a.ts": `import "../worker/b.ts";`, "runtime/worker/b.ts": "" },
    `runtime/gateway/a.ts: "gateway" may not import "worker"`,
  ],
  [
    "a package in a folder that may not load it",
    { "runtime/worker/a.ts": `import { string } from "valibot";` },
    `runtime/worker/a.ts: "worker" may not use the package "valibot"`,
  ],
  [
    "a cycle",
    {
      "runtime/base/a.ts": `import "./b.ts";`,
      "runtime/base/b.ts": `import type { A } from "./a.ts";`,
    },
    "import cycle: runtime/base/a.ts → runtime/base/b.ts → runtime/base/a.ts",
  ],
  ["a re-export", { "runtime/base/a.ts": `export * from "./b.ts";` }, "runtime/base/a.ts:1: only"],
  ["a default export", { "mod.ts": "export default 1;" }, "mod.ts:1: exports are named"],
  [
    "a default function",
    { "mod.ts": "\nexport default function a() {}" },
    "mod.ts:2: exports are named",
  ],
  ["an enum", { "runtime/base/a.ts": "export enum A { B }" }, "runtime/base/a.ts:1: a union"],
  ["any", { "runtime/base/a.ts": "export const a: any = 1;" }, "runtime/base/a.ts:1: `unknown`"],
  [
    "module state",
    { "runtime/base/a.ts": "let a = 1;\nexport const b = () => a++;" },
    "runtime/base/a.ts:1: no mutable state",
  ],
  [
    "a computed import",
    { "runtime/pool/a.ts": "export const load = (path: string) => import(path);" },
    "runtime/pool/a.ts:1: only task/load.ts",
  ],
  [
    "a runtime's global",
    { "runtime/gateway/a.ts": "export const pid = process.pid;" },
    "runtime/gateway/a.ts:1: `process` may not appear",
  ],
  [
    "an HTTP object between the edges",
    { "runtime/invocation/a.ts": "export type A = (request: Request) => void;" },
    "runtime/invocation/a.ts:1: `Request` may not appear",
  ],
  [
    "an error message",
    { "runtime/base/a.ts": "throw new Error(`bad value: ${1}`);" },
    "runtime/base/a.ts:1: error messages start",
  ],
  [
    "an error message with a period",
    { "runtime/base/a.ts": `throw new RuntimeError("closed", "Cannot go on.");` },
    "runtime/base/a.ts:1: error messages end",
  ],
  [
    "a long file",
    { "runtime/base/a.ts": "export {};\n".repeat(301) },
    "runtime/base/a.ts: may have at most 300 lines: has 301",
  ],
  [
    "a path of some machine",
    { "runtime/base/a.ts": `export const a = "${["", "home", "me"].join("/")}";` },
    "runtime/base/a.ts:1: names a path",
  ],
];

describe("the architecture checker", () => {
  test.each(violations)("complains about %s", async (_rule, sources, complaint) => {
    expect(findViolations(await readFacts(sources))[0]).toStartWith(complaint);
  });

  test("accepts what the rules allow", async () => {
    const sources = {
      "mod.ts": `export type { A } from "./runtime/task/load.ts";`,
      "runtime/main.ts": `import "#platform"; import "./worker/a.ts"; process.exit(0);`,
      "runtime/worker/a.ts": `import "../task/load.ts"; import "node:fs"; // Bun.serve, any`,
      "runtime/task/load.ts":
        "export type A = Response;\nexport const load = (path: string) => import(path);",
      "runtime/cli/serve.ts": `import "../server.ts"; import "commander"; const a = { process: 1 };
        throw new Error("Cannot serve: " + a.process);`,
      "runtime/server.ts": "const text = `${'Request'} enum any`; export const b = text;",
      "runtime/gateway/a.ts": `import "hono"; export const a = (r: Request) => r.url;`,
    };
    expect(findViolations(await readFacts(sources))).toEqual([]);
  });
});

function projectSources(): Sources {
  const names = readdirSync(join(root, "runtime"), { recursive: true, encoding: "utf8" })
    .map((name) => `runtime/${name}`);
  const paths = ["mod.ts", ...names].filter((name) => /\.tsx?$/.test(name));
  const existing = paths.filter((path) => existsSync(join(root, path)));
  return Object.fromEntries(
    existing.map((path) => [path, readFileSync(join(root, path), "utf8")]),
  );
}
