import { dirname, join } from "node:path/posix";
import type { FileFacts } from "./facts.ts";

/**
 * Which folders a folder of `runtime/` may import, types included. A folder may always import
 * itself; a file at the top of `runtime/` and `mod.ts` count as a folder of their own.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  protocol: ["base"],
  platform: ["base"],
  manifest: ["base"],
  config: ["base"],
  store: ["base", "platform", "protocol"],
  database: ["base", "platform"],
  task: ["base", "platform", "protocol"],
  pool: ["base", "platform", "protocol"],
  worker: ["base", "platform", "protocol", "task", "database"],
  deploy: ["base", "protocol", "manifest", "platform", "store"],
  invocation: ["base", "protocol", "manifest", "platform"],
  gateway: ["base", "config", "platform", "protocol", "manifest", "invocation"],
  admin: ["base", "platform", "store", "deploy"],
  console: ["base", "admin"],
  server: [
    "base",
    "protocol",
    "platform",
    "manifest",
    "config",
    "store",
    "database",
    "task",
    "pool",
    "deploy",
    "invocation",
    "gateway",
    "admin",
    "console",
  ],
  cli: ["base", "config", "manifest", "admin", "platform", "protocol"],
  main: ["cli", "worker", "database", "platform", "base"],
  serve: ["server", "config", "platform"],
  mod: ["serve", "task", "database"],
  /** Scripts that are run by hand or by npm, not part of the program. */
  packaging: ["base", "config", "manifest", "task"],
};

/** What one command of `cli/` may import beyond the rest of its folder. */
const commandMayImport: Readonly<Record<string, readonly string[]>> = {
  serve: ["server"],
  dev: ["server"],
  check: ["pool", "database", "deploy"],
  types: ["database"],
  db: ["database"],
  doctor: ["database"],
  traces: ["store"],
  trace: ["store"],
  logs: ["store"],
};

/** Packages that only some folders may load, and why that is so in ARCHITECTURE.md. */
const packageUsers: Readonly<Record<string, readonly string[]>> = {
  hono: ["gateway", "admin", "console"],
  commander: ["cli"],
  valibot: ["manifest", "config", "admin", "cli"],
  "fast-xml-parser": ["database"],
};

/** Names the folder of a file: `base` for `runtime/base/ids.ts`, `mod` for `mod.ts`. */
export function folderOf(path: string): string {
  const parts = path.replace(/^runtime\//, "").split("/");
  return (parts[0] ?? "").replace(/\.tsx?$/, "");
}

/** Says what is wrong with one import of a file; undefined when nothing is. */
export function judgeImport(file: FileFacts, specifier: string): string | undefined {
  const from = folderOf(file.path);
  const target = targetOf(file, specifier);
  if (target === undefined) return judgePackage(from, specifier);
  const to = folderOf(target);
  if (from === to || allowedFor(file.path).includes(to)) return undefined;
  return `"${from}" may not import "${to}": "${specifier}"`;
}

/** Finds circles of imports between files; each is given as the paths it goes through. */
export function findCycles(files: readonly FileFacts[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const cycles: string[] = [];
  for (const file of files) walk(file.path, []);
  return cycles;

  function walk(path: string, trail: readonly string[]): void {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    }
    const file = byPath.get(path);
    if (!file || done.has(path) || trail.includes(path)) return;
    for (const specifier of file.imports) {
      const target = targetOf(file, specifier);
      if (target !== undefined) walk(target, [...trail, path]);
    }
    done.add(path);
  }
}

/** The imported file's path; undefined for a package or a part of the runtime. */
function targetOf(file: FileFacts, specifier: string): string | undefined {
  if (specifier === "#platform") return "runtime/platform/platform.ts";
  if (!specifier.startsWith(".")) return undefined;
  return join(dirname(file.path), specifier);
}

function judgePackage(from: string, specifier: string): string | undefined {
  const name = specifier.split("/")[0] ?? "";
  const users = packageUsers[name];
  if (!users || users.includes(from)) return undefined;
  return `"${from}" may not use the package "${name}"`;
}

function allowedFor(path: string): readonly string[] {
  const folder = folderOf(path);
  const allowed = mayImport[folder] ?? [];
  if (folder !== "cli") return allowed;
  const command = path.replace(/^runtime\/cli\//, "").replace(/(?:\/.*)?\.tsx?$/, "");
  return [...allowed, ...commandMayImport[command] ?? []];
}
