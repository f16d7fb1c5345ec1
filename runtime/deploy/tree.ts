import { createHash, type Hash } from "node:crypto";
import { chmod, lstat, readdir, readFile, readlink, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { maxReleaseBytes } from "./app_files.ts";

const ownerMode = 0o700;

/** Hashes names and contents of all a folder holds, beginning with `seed`. */
export async function hashTree(dir: string, seed: string): Promise<string> {
  const hash = createHash("sha256").update(seed);
  const left = { bytes: maxReleaseBytes };
  for (const name of await listTree(dir)) await hashEntry(hash, { dir, name, left });
  return hash.digest("hex");
}

/** Whether there is a folder, and no link to one. */
export async function isFolder(path: string): Promise<boolean> {
  return await lstat(path).then((status) => status.isDirectory(), () => false);
}

/** Removes a folder whatever the modes within: from one that nobody may write to, nothing could go. */
export async function removeTree(dir: string): Promise<void> {
  // What is no folder any more may be a link to one that is not ours.
  const folders = await isFolder(dir) ? [dir] : [];
  for (const folder of folders) {
    await chmod(folder, ownerMode);
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) folders.push(join(folder, entry.name));
    }
  }
  await rm(dir, { recursive: true, force: true });
}

async function hashEntry(
  hash: Hash,
  { dir, name, left }: {
    readonly dir: string;
    readonly name: string;
    readonly left: { bytes: number };
  },
): Promise<void> {
  const path = join(dir, name);
  const status = await lstat(path);
  // Lengths keep the end of one entry from reading as the start of the next.
  const begin = (kind: string, size: number) =>
    hash.update(`\n${kind} ${name.length} ${name} ${size}\n`);
  if (status.isSymbolicLink()) {
    const target = await readlink(path);
    begin("link", target.length).update(target);
  } else if (status.isFile() && (left.bytes -= status.size) >= 0) {
    const content = await readFile(path);
    begin("file", content.length).update(content);
  } else {
    // No release was made with such an entry: that it is there says enough.
    begin("other", status.size);
  }
}

/** Everything but folders, by its path below `dir`; links, as the one to the packages, end there. */
async function listTree(dir: string): Promise<readonly string[]> {
  const names: string[] = [];
  const folders = [dir];
  for (const folder of folders) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else names.push(relative(dir, path));
    }
  }
  return names.sort();
}
