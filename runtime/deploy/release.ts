import { lstat, mkdir, mkdtemp, rename, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { delay } from "../base/deadline.ts";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { FolderLock, Platform } from "../platform/platform.ts";
import { copyApp, listApp } from "./app_files.ts";
import { findPackages, hashPackages } from "./packages.ts";
import { partialPrefix, pruneReleases, removeFolder } from "./prune.ts";
import { hashTree, isFolder, removeTree } from "./tree.ts";

const idLength = 16;
/** Whoever holds a release alone is about to take it away, in a moment. */
const lockTries = 5;
const lockRetryMs = 20;

/** An immutable copy of an app's folder, named after its contents. */
export interface Release {
  /** The first hex digits of the SHA-256 over names, contents and versions of packages. */
  readonly id: string;
  readonly dir: string;
  /** A folder of this name did not hold what it should: it was made anew. */
  readonly isRepaired: boolean;
  /** Says that nobody here uses the folder any more; until then no server removes it. */
  unlock(): void;
}

/** Where releases of an app are kept, and by what means. */
export interface ReleaseOptions {
  readonly releasesDir: string;
  readonly platform: Pick<Platform, "lockFolder">;
}

/**
 * Copies an app into a folder of releases, so that what a release runs never changes under it.
 * An unchanged app gives the same release again.
 * @throws {RuntimeError} `bad_app` when the folder is too large to be one, or holds what cannot be
 * copied; `file_failed` when a file cannot be read or written.
 */
export async function buildRelease(appDir: string, options: ReleaseOptions): Promise<Release> {
  const source = resolve(appDir);
  const releasesDir = resolve(options.releasesDir);
  try {
    const release = await copyRelease(source, { ...options, releasesDir });
    // The age of a release counts from its last use.
    await utimes(release.dir, new Date(), new Date());
    await pruneReleases(releasesDir, options.platform);
    return release;
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    const message = `Cannot make a release of "${source}": ${messageOf(cause)}`;
    throw new RuntimeError("file_failed", message, { cause });
  }
}

async function copyRelease(source: string, options: ReleaseOptions): Promise<Release> {
  const { releasesDir, platform } = options;
  const listing = await listApp(source, releasesDir);
  const packages = await findPackages(source);
  await mkdir(releasesDir, { recursive: true, mode: 0o700 });
  const partial = await mkdtemp(join(releasesDir, partialPrefix));
  const lock = platform.lockFolder(partial, "shared");
  try {
    await copyApp({ source, to: partial, listing, packages });
    const seed = `${source}\n${packages === undefined ? "" : await hashPackages(packages)}`;
    // The copy is what will run: what has been saved since belongs to the next release.
    const hash = await hashTree(partial, seed);
    const dir = join(releasesDir, hash.slice(0, idLength));
    return await place({ partial, dir, lock, hash, seed }, options);
  } catch (error) {
    lock?.unlock();
    throw error;
  } finally {
    if (await exists(partial)) await removeTree(partial);
  }
}

interface Copy {
  readonly partial: string;
  readonly lock: FolderLock | undefined;
  readonly dir: string;
  readonly hash: string;
  readonly seed: string;
}

/** The copy appears under its name complete, unless the same release is there already. */
async function place(copy: Copy, options: ReleaseOptions): Promise<Release> {
  const { partial, lock, dir, hash, seed } = copy;
  const id = hash.slice(0, idLength);
  let isRepaired = false;
  while (!await takesName(partial, dir)) {
    const used = await lockUsed(dir, options.platform);
    if (used === "gone") continue;
    // A task may write to the copy it runs from: what it left must not run as this release.
    if (await isFolder(dir) && await hashTree(dir, seed) === hash) {
      lock?.unlock();
      return { id, dir, isRepaired, unlock: () => used?.unlock() };
    }
    used?.unlock();
    isRepaired = true;
    await removeFolder(dir, options.releasesDir).catch(ignoreGone);
  }
  return { id, dir, isRepaired, unlock: () => lock?.unlock() };
}

async function takesName(partial: string, dir: string): Promise<boolean> {
  if (await exists(dir)) return false;
  return await rename(partial, dir).then(() => true, async (error: unknown) => {
    // Another process made the same release in the meantime.
    if (await exists(dir)) return false;
    throw error;
  });
}

/** Locks a release that is there; `undefined` where folders cannot be locked. */
async function lockUsed(
  dir: string,
  platform: Pick<Platform, "lockFolder">,
): Promise<FolderLock | "gone" | undefined> {
  for (let count = 0; count < lockTries; count++) {
    const before = await idOf(dir);
    if (before === undefined) return "gone";
    const lock = platform.lockFolder(dir, "shared");
    // It may have been taken away, and another put in its place, before the lock held.
    if (lock && await idOf(dir) === before) return lock;
    lock?.unlock();
    await delay(lockRetryMs);
  }
  return undefined;
}

async function idOf(path: string): Promise<string | undefined> {
  return await lstat(path).then(({ dev, ino }) => `${dev}:${ino}`, () => undefined);
}

function ignoreGone(error: unknown): void {
  // Another server has found the same, and taken the folder away before.
  if (Object(error).code !== "ENOENT") throw error;
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(() => true, () => false);
}
