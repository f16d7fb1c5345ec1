import { isAbsolute, relative, sep } from "node:path";
import { messageOf } from "../base/errors.ts";

/** What reports that it cannot watch something, as a file system watcher does. */
interface Fallible {
  on(event: "error", listener: (error: unknown) => void): unknown;
}

/** Tells of what cannot be watched; an error that nobody listens for would end the process. */
export function tellBlindSpots(watcher: Fallible, err: (line: string) => void): void {
  watcher.on("error", (error) => {
    err(
      `webtaskd: Cannot see every change: ${messageOf(error)}: ` +
        "send SIGHUP for those that are missed",
    );
  });
}

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
