import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join, relative, resolve } from "node:path";
import { findImports, type SourceImport } from "./imports.ts";
import { isInstalled, resolveRelative } from "./module_files.ts";

/** An import that works on one runtime and not on another, or on none. */
export interface ImportWarning {
  /** The importing file, below the app's folder as it was given. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** The package that exists only as types; every runtime has a stub for it. */
const typesPackage = "@journeyapps/cloudcode";

const sourceFile = /\.[mc]?[jt]sx?$/;

/** Follows the imports of task files through the app; nothing runs. */
export async function findImportWarnings(
  appDir: string,
  files: readonly string[],
): Promise<readonly ImportWarning[]> {
  const root = resolve(appDir);
  const queue = files.map((file) => resolve(root, file));
  const seen = new Set(queue);
  const warnings: ImportWarning[] = [];
  for (const file of queue) {
    // A file that cannot be read is reported by whoever loads it.
    const source = await readFile(file, "utf8").catch(() => "");
    for (const found of findImports(source)) {
      const { target, message } = await judge(file, found);
      if (message !== undefined) {
        const place = join(appDir, relative(root, file));
        warnings.push({
          file: place,
          line: found.line,
          message: `"${found.specifier}": ${message}`,
        });
      }
      if (target === undefined || seen.has(target) || !isInside(root, target)) continue;
      seen.add(target);
      queue.push(target);
    }
  }
  return warnings;
}

interface Judgement {
  /** The module to follow. */
  readonly target?: string | undefined;
  readonly message?: string | undefined;
}

async function judge(file: string, { specifier, type }: SourceImport): Promise<Judgement> {
  if (!/^(\.{1,2})?\//.test(specifier)) {
    return { message: await judgePackage(file, { specifier, type }) };
  }
  const target = await resolveRelative(file, specifier);
  if (target === undefined) return { message: "there is no such file" };
  if (sourceFile.test(target)) return { target };
  return { message: attributeAdvice(target, type) };
}

async function judgePackage(
  file: string,
  { specifier, type }: Pick<SourceImport, "specifier" | "type">,
): Promise<string | undefined> {
  if (specifier === "bun" || specifier.startsWith("bun:")) return "only Bun has it";
  if (/^(npm|jsr|https?):/.test(specifier)) return "only Deno loads it: install the package";
  // Names of package.json `imports`, and data, mean the same everywhere.
  if (/^(#|data:)/.test(specifier) || specifier === typesPackage) return undefined;
  if (isBuiltin(specifier)) return undefined;
  if (!await isInstalled(file, specifier)) {
    return 'it is not in node_modules: install it, or write "import type" where only types are meant';
  }
  return specifier.endsWith(".json") ? attributeAdvice(specifier, type) : undefined;
}

function attributeAdvice(target: string, type: string | undefined): string | undefined {
  if (target.endsWith(".json")) {
    return type === "json" ? undefined : 'add with { type: "json" }: Deno loads no JSON without';
  }
  return type === "text" || type === "bytes" || target.endsWith(".wasm")
    ? undefined
    : 'add with { type: "text" }, or read the file: runtimes differ in what they make of it';
}

function isInside(root: string, target: string): boolean {
  const path = relative(root, target);
  return !path.startsWith("..") && !path.split("/").includes("node_modules");
}
