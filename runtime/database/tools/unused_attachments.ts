import { rm, stat } from "node:fs/promises";
import { RuntimeError } from "../../base/errors.ts";
import { type AttachmentFile, listAttachmentFiles } from "../attachment_files.ts";
import { fieldTypes } from "../model/data_model.ts";
import { attachmentsDir, databaseFile } from "../places.ts";
import { Catalogue } from "../sqlite/catalogue.ts";
import { Connection } from "../sqlite/connection.ts";
import { sqliteDialect } from "../sqlite/dialect.ts";
import { retryWhileBusy } from "../sqlite/retry.ts";
import { toDatabaseError } from "../sqlite/sqlite_errors.ts";
import { parseFacts } from "../values/files.ts";
import { valueTypes } from "../values/value_types.ts";

const { quote } = sqliteDialect;
/** A younger file may belong to an object that a task has yet to save. */
const unsavedMs = 24 * 60 * 60 * 1000;

/** What has been removed. */
export interface Pruned {
  readonly count: number;
  readonly bytes: number;
}

/**
 * Removes the files of attachments that no object refers to and that are older than a day.
 * @throws {RuntimeError} `database_failed` when the database cannot be read: nothing is removed then.
 */
export async function pruneAttachments(dir: string): Promise<Pruned> {
  // Before the rows are read: what is written meanwhile is not among them.
  const files = await listAttachmentFiles(attachmentsDir(dir));
  const unused = findUnused(files, { used: await readUsed(dir), nowMs: Date.now() });
  for (const { path } of unused) await rm(path, { force: true });
  return { count: unused.length, bytes: unused.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** The files that nothing refers to, of those that are old enough to tell. */
export function findUnused(
  files: readonly AttachmentFile[],
  { used, nowMs }: { readonly used: ReadonlySet<string>; readonly nowMs: number },
): readonly AttachmentFile[] {
  return files.filter(({ id, modifiedMs }) =>
    modifiedMs < nowMs - unsavedMs && (id === undefined || !used.has(id))
  );
}

/**
 * The IDs of all attachments that rows refer to, those of removed fields and models included: these
 * have their values again when they come back.
 */
export function usedAttachments(connection: Connection): ReadonlySet<string> {
  const types = fieldTypes.filter((type) => valueTypes[type] === valueTypes.attachment);
  const used = new Set<string>();
  for (const { model, column } of new Catalogue(connection).columnsOf(types)) {
    const name = quote(column);
    const sql = `SELECT ${name} FROM ${quote(model)} WHERE ${name} IS NOT NULL`;
    for (const [stored] of connection.prepare(sql).all()) used.add(parseFacts(String(stored)).id);
  }
  return used;
}

async function readUsed(dir: string): Promise<ReadonlySet<string>> {
  const file = databaseFile(dir);
  try {
    // Opening would create what is missing.
    await stat(file);
    const connection = await Connection.open(file);
    try {
      return await retryWhileBusy(() => usedAttachments(connection));
    } finally {
      connection.close();
    }
  } catch (cause) {
    const { message } = toDatabaseError("read", cause);
    throw new RuntimeError("database_failed", message, { cause });
  }
}
