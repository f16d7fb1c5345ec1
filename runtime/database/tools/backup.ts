import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf, RuntimeError } from "../../base/errors.ts";
import { listAttachmentFiles } from "../attachment_files.ts";
import { attachmentsDir, databaseFile } from "../places.ts";
import { Connection } from "../sqlite/connection.ts";
import { retryWhileBusy } from "../sqlite/retry.ts";
import { toDatabaseError } from "../sqlite/sqlite_errors.ts";
import {
  type ArchiveEntry,
  type ArchiveList,
  copyEntry,
  databaseEntry,
  hashFile,
  type Progress,
  writeHead,
} from "./archive.ts";

/** What to back up, and where to. */
export interface BackupOptions {
  /** The folder of the database. */
  readonly dir: string;
  readonly hostname: string;
  readonly file: string;
  readonly onProgress?: Progress;
}

/**
 * Writes a backup while the database is in use: its state at one moment, with its attachments. It is
 * there whole or not at all.
 * @throws {RuntimeError} `database_failed`, `file_failed`.
 */
export async function writeBackup(options: BackupOptions): Promise<ArchiveList> {
  const { file, dir } = options;
  const before = await listAttachments(dir);
  await mkdir(dirname(file), { recursive: true }).catch((cause) => failed(file, cause));
  const partial = `${file}.${crypto.randomUUID()}`;
  const snapshot = `${partial}.sqlite`;
  try {
    await takeSnapshot(databaseFile(dir), snapshot);
    // What the snapshot refers to has been written before it. What was removed since then is still
    // in the first list, and will be missed.
    const after = await listAttachments(dir);
    const sources = new Map([[databaseEntry, snapshot], ...before, ...after]);
    return await write(partial, { ...options, sources });
  } finally {
    await rm(snapshot, { force: true });
    await rm(partial, { force: true });
  }
}

async function takeSnapshot(source: string, target: string): Promise<void> {
  try {
    // Opening would create what is missing.
    await stat(source);
    const connection = await Connection.open(source);
    try {
      await retryWhileBusy(() => void connection.prepare("VACUUM INTO ?").run([target]));
    } finally {
      connection.close();
    }
  } catch (cause) {
    const { message } = toDatabaseError("back up", cause);
    throw new RuntimeError("database_failed", message, { cause });
  }
}

async function listAttachments(dir: string): Promise<readonly (readonly [string, string])[]> {
  const files = await listAttachmentFiles(attachmentsDir(dir));
  return files.flatMap(({ id, path }) => id === undefined ? [] : [[`attachments/${id}`, path]]);
}

async function write(
  partial: string,
  { file, hostname, sources, onProgress = () => {} }: BackupOptions & {
    readonly sources: ReadonlyMap<string, string>;
  },
): Promise<ArchiveList> {
  try {
    const files: ArchiveEntry[] = [];
    for (const [name, path] of sources) {
      files.push({ name, ...await unlessRemoved(hashFile(path)) });
    }
    const list = { hostname, createdAt: new Date().toISOString(), files };
    const total = files.reduce((sum, { size }) => sum + size, 0);
    let done = 0;
    await using to = await open(partial, "wx", 0o600);
    await writeHead(to, list);
    for (const { name, size, sha256 } of files) {
      await using from = await unlessRemoved(open(sources.get(name) ?? ""));
      const onBytes = (count: number) => onProgress(done += count, total);
      if (await copyEntry({ from, to }, { size, onBytes }) !== sha256) {
        throw new Error(`Cannot read ${name} twice alike`);
      }
    }
    await to.sync();
    await rename(partial, file);
    return list;
  } catch (cause) {
    failed(file, cause);
  }
}

/** A backup that lacks what its database refers to would be found out when it is needed. */
async function unlessRemoved<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    if (Object(cause).code !== "ENOENT") throw cause;
    const advice = 'start it again when no "webtaskd db prune" runs';
    throw new Error(`Cannot read an attachment removed meanwhile: ${advice}`, { cause });
  }
}

function failed(file: string, cause: unknown): never {
  const message = `Cannot write the backup "${file}": ${messageOf(cause)}`;
  throw new RuntimeError("file_failed", message, { cause });
}
