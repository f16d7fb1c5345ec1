import { constants } from "node:fs";
import { chmod, copyFile, mkdir, readdir, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { RuntimeError } from "../base/errors.ts";
import { packagesName } from "./packages.ts";

const maxFiles = 20_000;
/** The largest release. */
export const maxReleaseBytes = 512 * 1024 * 1024;
/** Read by everybody and written by nobody; what could be executed still can. */
const fileMode = 0o444;
const executeBits = 0o111;
const folderMode = 0o555;

/** What of an app's folder is part of a release, by its path below. */
export interface AppListing {
  /** Those that lead to a file, the app's own as `""`; each follows the one it lies in. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/**
 * Copies an app's files, and a link to its packages, into an empty folder. Nobody may write to them
 * there.
 */
export async function copyApp(
  { source, to, listing: { folders, files }, packages }: {
    readonly source: string;
    readonly to: string;
    readonly listing: AppListing;
    readonly packages: string | undefined;
  },
): Promise<void> {
  for (const folder of folders) await mkdir(join(to, folder), { recursive: true });
  for (const file of files) await copyReadOnly(join(source, file), join(to, file));
  if (packages !== undefined) await symlink(packages, join(to, packagesName), "dir");
  for (const folder of folders) await chmod(join(to, folder), folderMode);
}

async function copyReadOnly(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, fileMode | ((await stat(to)).mode & executeBits));
}

/**
 * Lists what of an app's folder is part of a release; `leaveOut` is a folder that may lie within.
 * @throws {RuntimeError} `bad_app` when that is too much, or a link that cannot be followed.
 */
export async function listApp(source: string, leaveOut?: string): Promise<AppListing> {
  const files: string[] = [];
  let bytes = 0;
  const pending = [source];
  for (const folder of pending) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (isLeftOut(entry.name) || leaveOut?.concat("/").startsWith(`${path}/`)) continue;
      if (entry.isDirectory()) pending.push(path);
      if (entry.isSymbolicLink()) await requireFile(source, path);
      // Sockets, pipes and devices are no code, and reading one may never end.
      if (!entry.isFile() && !entry.isSymbolicLink()) continue;
      files.push(relative(source, path));
      bytes += (await stat(path)).size;
      if (files.length > maxFiles) throw tooLarge(source, `${maxFiles} files`);
      if (bytes > maxReleaseBytes) throw tooLarge(source, `${maxReleaseBytes} bytes`);
    }
  }
  return { folders: foldersOf(files), files };
}

/** A folder without files is no part of a release. */
function foldersOf(files: readonly string[]): readonly string[] {
  const folders = new Set([""]);
  for (const file of files) {
    for (let folder = dirname(file); folder !== "."; folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].sort();
}

/** A link to a file is copied as that file; what is behind one to a folder may have no end. */
async function requireFile(source: string, path: string): Promise<void> {
  const leadsToFile = await stat(path).then((status) => status.isFile(), () => false);
  if (leadsToFile) return;
  throw new RuntimeError(
    "bad_app",
    `Cannot make a release of "${source}": link "${
      relative(source, path)
    }" leads to no file: put a copy in its place`,
  );
}

function isLeftOut(name: string): boolean {
  return name === packagesName || name.startsWith(".");
}

function tooLarge(source: string, limit: string): RuntimeError {
  return new RuntimeError(
    "bad_app",
    `Cannot make a release of "${source}" as it must be <= ${limit}: move what is no code elsewhere`,
  );
}
