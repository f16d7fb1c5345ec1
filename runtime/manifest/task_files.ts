import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { didYouMean } from "../base/nearest.ts";
import { bad, good, type Parsed } from "../base/parsed.ts";

/** The endings a task's module may have. */
export const taskExtensions = [".ts", ".js", ".mts", ".mjs"] as const;

/** Finds the one module of a task: `<name>.ts` or `<name>/index.ts`, relative to the app. */
export async function findTaskFile(appDir: string, name: string): Promise<Parsed<string>> {
  const candidates = taskExtensions.flatMap((ending) => [name + ending, `${name}/index${ending}`]);
  const found = await existing(appDir, candidates, name);
  const [file, second] = found;
  if (file === undefined) return bad(await adviceFor(appDir, name));
  if (second === undefined) return good(file);
  return bad(`keep one of its files: ${found.join(", ")}`);
}

/** Exact names from directory listings: on some file systems `Hello.ts` also opens as `hello.ts`. */
async function existing(appDir: string, candidates: readonly string[], name: string) {
  const top = await list(appDir);
  const inside = top.includes(name) ? await list(join(appDir, name)) : [];
  const listed = new Set([...top, ...inside.map((file) => `${name}/${file}`)]);
  const found = candidates.filter((file) => listed.has(file));
  const kinds = await Promise.all(found.map((file) => isFile(join(appDir, file))));
  return found.filter((_, index) => kinds[index]);
}

async function adviceFor(appDir: string, name: string): Promise<string> {
  const names = (await list(appDir)).map(toTaskName).filter((task) => task !== undefined);
  const meant = didYouMean(name, names);
  return meant === "" ? `create ${name}.ts, or remove the entry` : `there is no ${name}.ts${meant}`;
}

function toTaskName(file: string): string | undefined {
  const ending = taskExtensions.find((extension) => file.endsWith(extension));
  return ending === undefined || file.endsWith(".d.ts") ? undefined : file.slice(0, -ending.length);
}

async function list(directory: string): Promise<readonly string[]> {
  // A folder that cannot be listed holds no task; the caller then reports the task without a file.
  return await readdir(directory).catch(() => []);
}

async function isFile(path: string): Promise<boolean> {
  // A dangling link is listed and yet no file.
  return await stat(path).then((status) => status.isFile(), () => false);
}
