import { lstat, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Platform } from "../platform/platform.ts";
import { removeTree } from "./tree.ts";

/** Names of folders that are not a release: under way, or on their way out. */
export const partialPrefix = ".partial-";
/** Releases of one app that stay on disk; older ones go when nobody uses them. */
const keptReleases = 5;
/** A younger folder may belong to somebody who has not locked it yet. */
const minPartialAgeMs = 60_000;

interface Aged {
  readonly path: string;
  readonly usedMs: number;
}

/** Removes releases that nobody uses, but for those used last, and what killed servers left. */
export async function pruneReleases(
  releasesDir: string,
  platform: Pick<Platform, "lockFolder">,
): Promise<void> {
  const names = await readdir(releasesDir);
  const isPartial = (name: string) => name.startsWith(partialPrefix);
  const releases = await sortByAge(releasesDir, names.filter((name) => !isPartial(name)));
  const partials = await sortByAge(releasesDir, names.filter(isPartial));
  const oldest = Date.now() - minPartialAgeMs;
  const old = [
    ...releases.slice(keptReleases),
    ...partials.filter(({ usedMs }) => usedMs < oldest),
  ];
  for (const { path } of old) await removeUnused(path, { releasesDir, platform });
}

/** The youngest first. */
async function sortByAge(releasesDir: string, names: readonly string[]): Promise<readonly Aged[]> {
  const aged = await Promise.all(names.map(async (name) => {
    const path = join(releasesDir, name);
    // What another process has just renamed or removed is not ours to remove.
    const usedMs = await lstat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity);
    return { path, usedMs };
  }));
  return aged.sort((a, b) => b.usedMs - a.usedMs);
}

async function removeUnused(
  path: string,
  { releasesDir, platform }: {
    readonly releasesDir: string;
    readonly platform: Pick<Platform, "lockFolder">;
  },
): Promise<void> {
  const lock = platform.lockFolder(path, "alone");
  if (!lock) return;
  try {
    await removeFolder(path, releasesDir);
  } finally {
    lock.unlock();
  }
}

/** Takes a folder away in one step, then removes it: nobody sees a part of it. */
export async function removeFolder(path: string, releasesDir: string): Promise<void> {
  const away = join(releasesDir, partialPrefix + crypto.randomUUID());
  await rename(path, away);
  await removeTree(away);
}
