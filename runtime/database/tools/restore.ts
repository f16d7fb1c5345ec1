import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, RuntimeError } from "../../base/errors.ts";
import { databaseFile } from "../places.ts";
import { Connection } from "../sqlite/connection.ts";
import { isBusy } from "../sqlite/sqlite_errors.ts";
import {
  type ArchiveList,
  copyEntry,
  damaged,
  databaseEntry,
  type Progress,
  readHead,
} from "./archive.ts";

/** What to restore, and in place of what. */
export interface RestoreOptions {
  readonly file: string;
  /** The folder of the database. */
  readonly dir: string;
  readonly onProgress?: Progress;
}

/** What was restored. */
export interface Restored {
  readonly list: ArchiveList;
  /** Where the database that was there before is now; `undefined` when there was none. */
  readonly formerDir: string | undefined;
}

/**
 * Puts the database of a backup in place of the one there is, which is kept beside it. Everything is
 * checked before anything changes.
 * @throws {RuntimeError} `bad_data` for a damaged backup, `database_failed` while tasks use the
 * database.
 */
export async function restoreBackup(
  { file, dir, onProgress = () => {} }: RestoreOptions,
): Promise<Restored> {
  const partial = `${dir}.restore-${crypto.randomUUID()}`;
  try {
    await mkdir(partial, { recursive: true, mode: 0o700 });
    const list = await extract(file, { dir: partial, onProgress });
    await checkDatabase(join(partial, databaseEntry), file);
    return { list, formerDir: await swap(partial, dir) };
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function extract(
  file: string,
  { dir, onProgress }: { readonly dir: string; readonly onProgress: Progress },
): Promise<ArchiveList> {
  await using from = await open(file).catch((cause: unknown) => {
    throw damaged(file, messageOf(cause), cause);
  });
  const list = await readHead(from, file);
  if (!list.files.some(({ name }) => name === databaseEntry)) {
    throw damaged(file, "it holds no database");
  }
  const total = list.files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const { name, size, sha256 } of list.files) {
    const path = join(dir, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await using to = await open(path, "wx", 0o600);
    const onBytes = (count: number) => onProgress(done += count, total);
    if (await copyEntry({ from, to }, { size, onBytes }) !== sha256) {
      throw damaged(file, `it is damaged at ${name}`);
    }
    await to.sync();
  }
  await requireEnd(from, file);
  return list;
}

async function requireEnd(from: FileHandle, file: string): Promise<void> {
  const { bytesRead } = await from.read(new Uint8Array(1), 0, 1);
  if (bytesRead > 0) throw damaged(file, "there is more in it than was written");
}

async function checkDatabase(path: string, file: string): Promise<void> {
  const connection = await Connection.open(path);
  try {
    const [[result] = []] = connection.prepare("PRAGMA integrity_check(1)").all();
    if (result !== "ok") throw damaged(file, `its database is damaged: ${String(result)}`);
  } catch (cause) {
    throw cause instanceof RuntimeError ? cause : damaged(file, "its database is damaged", cause);
  } finally {
    connection.close();
  }
}

async function swap(partial: string, dir: string): Promise<string | undefined> {
  const isThere = await stat(dir).then(() => true, () => false);
  if (!isThere) {
    await rename(partial, dir);
    return undefined;
  }
  await requireUnused(databaseFile(dir));
  const formerDir = `${dir}.before-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  await rename(dir, formerDir);
  await rename(partial, dir);
  return formerDir;
}

/** Whoever has it open would go on writing to the files that were moved away. */
async function requireUnused(file: string): Promise<void> {
  const isThere = await stat(file).then(() => true, () => false);
  if (!isThere) return;
  let connection: Connection | undefined;
  try {
    connection = await Connection.open(file);
    // SQLite does this for the only connection alone, and moves what the log holds into the file.
    connection.exec("PRAGMA journal_mode = DELETE");
  } catch (cause) {
    // What is too damaged to be opened cannot be in use; replacing it is what a backup is for.
    if (!isBusy(cause)) return;
    const message = "Cannot restore while the database is in use: stop the server first";
    throw new RuntimeError("database_failed", message, { cause });
  } finally {
    connection?.close();
  }
}
