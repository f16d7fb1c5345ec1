import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The folder of an app's packages: never copied, being large and seldom changed. */
export const packagesName = "node_modules";

/** What package managers write down of the packages they installed; Bun leaves no such file. */
const lists = [".package-lock.json", ".yarn-integrity", ".yarn-state.yml"];
/** Where they keep packages apart from those an app names; entries are called after versions. */
const stores = [".pnpm", ".deno", ".bun"];

/** Finds the packages of an app as its modules would: in its own folder or in one above. */
export async function findPackages(appDir: string): Promise<string | undefined> {
  for (let folder = appDir;; folder = dirname(folder)) {
    const candidate = join(folder, packagesName);
    if (await stat(candidate).then((found) => found.isDirectory(), () => false)) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Hashes which packages there are, in which versions; other versions are another release. */
export async function hashPackages(packages: string): Promise<string> {
  const hash = createHash("sha256");
  for (const list of lists) hash.update(`${list}\n${await readText(join(packages, list))}\n`);
  for (const store of stores) {
    hash.update(`${store}\n${(await namesIn(join(packages, store))).join("\n")}\n`);
  }
  for (const name of await packageNames(packages)) {
    hash.update(`${name}\n${await readText(join(packages, name, "package.json"))}\n`);
  }
  return hash.digest("hex");
}

async function packageNames(packages: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const name of await namesIn(packages)) {
    if (!name.startsWith("@")) names.push(name);
    else for (const inner of await namesIn(join(packages, name))) names.push(`${name}/${inner}`);
  }
  return names.filter((name) => !name.startsWith("."));
}

/** A folder that is not there or cannot be read tells nothing apart: neither can a task load it. */
async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).then((names) => names.sort(), () => []);
}

async function readText(file: string): Promise<string> {
  return await readFile(file, "utf8").catch(() => "");
}
