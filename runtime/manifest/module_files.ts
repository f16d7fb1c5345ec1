import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

const endings = [".ts", ".js", ".mts", ".mjs", ".tsx", ".jsx", ".cjs", ".json"];

/** Finds the file a relative import means, the way Bun and Deno (with sloppy imports) do. */
export async function resolveRelative(from: string, specifier: string) {
  const base = resolve(dirname(from), specifier.replace(/[?#].*$/, ""));
  const candidates = [
    base,
    ...endings.map((ending) => base + ending),
    base.replace(/\.([mc]?)js$/, ".$1ts"),
    ...endings.map((ending) => join(base, `index${ending}`)),
  ];
  for (const candidate of candidates) if (await isFile(candidate)) return candidate;
  return undefined;
}

/** Whether a package is in a `node_modules` at or above a file. */
export async function isInstalled(from: string, specifier: string): Promise<boolean> {
  const [first = "", second = ""] = specifier.split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  for (let folder = dirname(resolve(from));; folder = dirname(folder)) {
    if (await isFile(join(folder, "node_modules", name, "package.json"))) return true;
    if (folder === dirname(folder)) return false;
  }
}

async function isFile(path: string): Promise<boolean> {
  // What cannot be looked at cannot be imported either.
  return await stat(path).then((status) => status.isFile(), () => false);
}
