import { isAbsolute, relative, sep } from "node:path";

/** Whether a path is no part of a release: packages, dot files, and our own data. */
export function isIgnored(
  path: string,
  { appDirs, dataDir }: { readonly appDirs: readonly string[]; readonly dataDir: string },
): boolean {
  if (partsWithin(dataDir, path)) return true;
  const parts = appDirs.map((dir) => partsWithin(dir, path)).find((parts) => parts) ?? [];
  return parts.some((name) => name === "node_modules" || name.startsWith("."));
}

/** The names that lead from a folder to a path; `undefined` when the path lies elsewhere. */
function partsWithin(folder: string, path: string): readonly string[] | undefined {
  const parts = relative(folder, path).split(sep);
  return parts[0] === ".." || isAbsolute(parts.join(sep)) ? undefined : parts;
}
