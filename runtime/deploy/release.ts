import { createHash } from "node:crypto";
import {
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from "node:fs/promises";
import { constants } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { RuntimeError } from "../base/errors.ts";

/** Never part of a release: dependencies are linked, and dot folders hold no code. */
const dependencies = "node_modules";
/** Releases of one app that stay on disk; older ones go. */
const keptReleases = 5;
const idLength = 16;
/** Of copies under way. */
const partialPrefix = ".partial-";
const maxFiles = 20_000;
const maxBytes = 512 * 1024 * 1024;

/** An immutable copy of an app's folder, named after its contents. */
export interface Release {
  /** The first hex digits of the SHA-256 over names and contents. */
  readonly id: string;
  readonly dir: string;
}

/**
 * Copies an app into a folder of releases, so that what a release runs never changes under it.
 * An unchanged app gives the same release again.
 * @throws {RuntimeError} `bad_app` when the folder is too large to be one.
 */
export async function buildRelease(appDir: string, releasesDir: string): Promise<Release> {
  const source = resolve(appDir);
  const files = await listFiles(source, resolve(releasesDir));
  const release = await copyRelease({ source, files, releasesDir });
  // The age of a release counts from its last use.
  await utimes(release.dir, new Date(), new Date());
  await prune(releasesDir, release.id);
  return release;
}

async function listFiles(source: string, releasesDir: string): Promise<readonly string[]> {
  const files: string[] = [];
  const folders = [source];
  for (const folder of folders) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (isLeftOut(entry.name) || releasesDir.startsWith(path + "/")) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) files.push(relative(source, path));
      else if (entry.isSymbolicLink()) files.push(await followLink(source, path));
      if (files.length > maxFiles) throw tooLarge(source, `${maxFiles} files`);
    }
  }
  return files.sort();
}

/** A link to a file is copied as that file; what is behind one to a folder may have no end. */
async function followLink(source: string, path: string): Promise<string> {
  const file = relative(source, path);
  const leadsToFile = await stat(path).then((status) => status.isFile(), () => false);
  if (leadsToFile) return file;
  throw new RuntimeError(
    "bad_app",
    `Cannot make a release of "${source}": link "${file}" leads to no file: put a copy in its place`,
  );
}

function isLeftOut(name: string): boolean {
  return name === dependencies || name.startsWith(".");
}

async function copyRelease({ source, files, releasesDir }: {
  readonly source: string;
  readonly files: readonly string[];
  readonly releasesDir: string;
}): Promise<Release> {
  await mkdir(releasesDir, { recursive: true, mode: 0o700 });
  const partial = await mkdtemp(join(releasesDir, partialPrefix));
  try {
    await copyFiles({ source, files, partial });
    // The copy is what will run: what has been saved since belongs to the next release.
    const id = await hashFiles(source, { files, copy: partial });
    const dir = join(releasesDir, id);
    await place(partial, dir);
    return { id, dir };
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function hashFiles(
  source: string,
  { files, copy }: { readonly files: readonly string[]; readonly copy: string },
): Promise<string> {
  const hash = createHash("sha256").update(source);
  for (const file of files) {
    const content = await readFile(join(copy, file));
    // Lengths keep the end of one file from reading as the start of the next.
    hash.update(`\n${file.length} ${file} ${content.length}\n`).update(content);
  }
  return hash.digest("hex").slice(0, idLength);
}

async function copyFiles({ source, files, partial }: {
  readonly source: string;
  readonly files: readonly string[];
  readonly partial: string;
}): Promise<void> {
  let bytes = 0;
  for (const file of files) {
    const copy = join(partial, file);
    bytes += (await stat(join(source, file))).size;
    if (bytes > maxBytes) throw tooLarge(source, `${maxBytes} bytes`);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(join(source, file), copy, constants.COPYFILE_FICLONE);
  }
  await linkDependencies(source, partial);
}

/** The copy appears under its name complete, unless the same release is there already. */
async function place(partial: string, dir: string): Promise<void> {
  if (await exists(dir)) return;
  await rename(partial, dir).catch(async (error: unknown) => {
    // Another process made the same release in the meantime: it is the same.
    if (!await exists(dir)) throw error;
  });
}

/** Packages are found where the app would find them: in its own folder or one above. */
async function linkDependencies(source: string, dir: string): Promise<void> {
  for (let folder = source;; folder = dirname(folder)) {
    const candidate = join(folder, dependencies);
    if (await exists(candidate)) return await symlink(candidate, join(dir, dependencies), "dir");
    if (folder === dirname(folder)) return;
  }
}

async function prune(releasesDir: string, keptId: string): Promise<void> {
  const names = (await readdir(releasesDir)).filter((name) => name !== keptId);
  const aged = await Promise.all(names.map(async (name) => {
    const path = join(releasesDir, name);
    // What another process has just renamed or removed is not ours to remove.
    const usedMs = await lstat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity);
    return { path, usedMs };
  }));
  const old = aged.sort((a, b) => b.usedMs - a.usedMs).slice(keptReleases - 1);
  for (const { path } of old) await rm(path, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(() => true, () => false);
}

function tooLarge(source: string, limit: string): RuntimeError {
  return new RuntimeError(
    "bad_app",
    `Cannot make a release of "${source}" as it must be <= ${limit}: move what is no code elsewhere`,
  );
}
