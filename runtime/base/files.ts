import { randomUUID } from "node:crypto";
import { link, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, RuntimeError } from "./errors.ts";

/**
 * Replaces a file in one step: a reader sees the old text or the new one.
 * @throws {RuntimeError} `file_failed` when it cannot be written.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  await throughTemporary(path, { text, place: rename });
}

/**
 * Creates a file in one step.
 * @throws {RuntimeError} `file_exists` when it is there already, which then is left as it was.
 */
export async function createFile(path: string, text: string): Promise<void> {
  await throughTemporary(path, { text, place: placeNew });
}

interface Placing {
  readonly text: string;
  place(from: string, to: string): Promise<void>;
}

async function throughTemporary(path: string, { text, place }: Placing): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    try {
      await writeFile(temporary, text, { flag: "wx", flush: true });
      await place(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    throw new RuntimeError("file_failed", `Cannot write "${path}": ${messageOf(cause)}`, { cause });
  }
}

/** A link, unlike a rename, fails when its target exists. */
async function placeNew(from: string, to: string): Promise<void> {
  await link(from, to).catch((cause: unknown) => {
    if (Object(cause).code !== "EEXIST") throw cause;
    throw new RuntimeError("file_exists", `Cannot create "${to}": it exists`, { cause });
  });
}
