import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../base/errors.ts";
import { attachmentIdPattern } from "./attachments.ts";

/** A file in a folder of attachments. */
export interface AttachmentFile {
  /** The ID of its attachment; `undefined` for what a process left half written. */
  readonly id: string | undefined;
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Lists a folder of attachments, by their IDs; one that is not there is empty. */
export async function listAttachmentFiles(dir: string): Promise<readonly AttachmentFile[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (Object(error).code === "ENOENT") return [];
    throw new Error(`Cannot list "${dir}": ${messageOf(error)}`, { cause: error });
  });
  const files = await Promise.all(names.sort().map((name) => lookAt(dir, name)));
  return files.filter((file) => file !== undefined);
}

async function lookAt(dir: string, name: string): Promise<AttachmentFile | undefined> {
  const isWhole = attachmentIdPattern.test(name);
  const isHalf = name.startsWith(".") && attachmentIdPattern.test(name.slice(1));
  if (!isWhole && !isHalf) return undefined;
  const path = join(dir, name);
  try {
    const { size: bytes, mtimeMs: modifiedMs } = await stat(path);
    return { id: isWhole ? name : undefined, path, bytes, modifiedMs };
  } catch (error) {
    // Finished, or removed, since the folder was read.
    if (Object(error).code === "ENOENT") return undefined;
    throw error;
  }
}
