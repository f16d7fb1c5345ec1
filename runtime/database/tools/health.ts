import { stat, statfs } from "node:fs/promises";
import { formatSize } from "../../base/units.ts";
import { type AttachmentFile, listAttachmentFiles } from "../attachment_files.ts";
import { parseDataModel } from "../model/parse_data_model.ts";
import { attachmentsDir, databaseDir, databaseFile } from "../places.ts";
import { Catalogue } from "../sqlite/catalogue.ts";
import { Connection } from "../sqlite/connection.ts";
import { sqliteDialect } from "../sqlite/dialect.ts";
import { retryWhileBusy } from "../sqlite/retry.ts";
import { toDatabaseError } from "../sqlite/sqlite_errors.ts";
import { parseFacts } from "../values/files.ts";
import { valueTypes } from "../values/value_types.ts";
import { findUnused, usedAttachments } from "./unused_attachments.ts";

const { quote } = sqliteDialect;
const maxProblems = 20;
/** What is left of a disk on which the next write may fail. */
const leastFreeBytes = 16 * 2 ** 20;

/** How a database is; its JSON is a stable format. */
export interface DatabaseHealth {
  readonly hostname: string;
  readonly file: string;
  readonly bytes: number;
  /** What has been written and not yet been moved into the file. */
  readonly walBytes: number;
  /** Objects by model. */
  readonly objects: Readonly<Record<string, number>>;
  readonly attachments: number;
  readonly attachmentBytes: number;
  /** Those that no object refers to, and that are older than a day. */
  readonly unusedAttachments: number;
  readonly unusedAttachmentBytes: number;
  /** What has to be done something about, one sentence each. */
  readonly problems: readonly string[];
}

/** Looks a database over, from its file to the last attachment; never rejects. */
export async function inspectDatabase(
  dataDir: string,
  hostname: string,
  { freeBytes = readFreeBytes }: { freeBytes?(dir: string): Promise<number> } = {},
): Promise<DatabaseHealth> {
  const dir = databaseDir(dataDir, hostname);
  const file = databaseFile(dir);
  const files = await listAttachmentFiles(attachmentsDir(dir));
  const attached = files.filter(({ id }) => id !== undefined);
  const contents = await inspectContents(file, new Set(attached.map(({ id }) => id)));
  const { used } = contents;
  const unused = used ? findUnused(files, { used, nowMs: Date.now() }) : [];
  return {
    hostname,
    file,
    bytes: await sizeOf(file),
    walBytes: await sizeOf(`${file}-wal`),
    objects: contents.objects,
    attachments: attached.length,
    attachmentBytes: sumOf(attached),
    unusedAttachments: unused.length,
    unusedAttachmentBytes: sumOf(unused),
    problems: [...contents.problems, ...findFullDisk(await freeBytes(dir))],
  };
}

function findFullDisk(freeBytes: number): readonly string[] {
  if (freeBytes >= leastFreeBytes) return [];
  return [`its disk is full: ${formatSize(freeBytes)} are left`];
}

async function readFreeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

interface Contents {
  readonly objects: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
  /** The attachments that are referred to, where the file can be read. */
  readonly used: ReadonlySet<string> | undefined;
}

function sumOf(files: readonly AttachmentFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function inspectContents(
  file: string,
  attached: ReadonlySet<string | undefined>,
): Promise<Contents> {
  let connection: Connection | undefined;
  try {
    // Opening would create what is missing.
    await stat(file);
    const opened = connection = await Connection.open(file);
    return await retryWhileBusy(() => readContents(opened, attached));
  } catch (error) {
    const isMissing = Object(error).code === "ENOENT";
    const message = isMissing ? `Cannot find "${file}"` : toDatabaseError("read", error).message;
    return { objects: {}, problems: [message], used: undefined };
  } finally {
    connection?.close();
  }
}

function readContents(connection: Connection, attached: ReadonlySet<string | undefined>): Contents {
  const problems = checkIntegrity(connection);
  if (problems.length > 0) return { objects: {}, problems, used: undefined };
  const json = new Catalogue(connection).dataModel();
  const { models } = json === undefined ? { models: [] } : parseDataModel(JSON.parse(json));
  const objects = models.map(({ name }) => {
    const [[count = 0] = []] = connection.prepare(`SELECT count(*) FROM ${quote(name)}`).all();
    return [name, Number(count)] as const;
  });
  const missing = models.flatMap(({ name, fields }) =>
    fields.filter(({ type }) => valueTypes[type] === valueTypes.attachment)
      .flatMap((field) => findMissing(connection, { model: name, field: field.name, attached }))
  );
  return {
    objects: Object.fromEntries(objects),
    problems: [...checkWritable(connection), ...missing.slice(0, maxProblems)],
    used: usedAttachments(connection),
  };
}

/** Begins a change, and takes it back: beginning a transaction alone asks nothing of the file. */
function checkWritable(connection: Connection): readonly string[] {
  connection.exec("BEGIN IMMEDIATE");
  try {
    connection.exec('CREATE TABLE "_webtaskd_probe" (value)');
    return [];
  } catch (error) {
    return [toDatabaseError("write to", error).message];
  } finally {
    connection.exec("ROLLBACK");
  }
}

function checkIntegrity(connection: Connection): readonly string[] {
  const rows = connection.prepare(`PRAGMA integrity_check(${maxProblems})`).all();
  return rows.map(([line]) => String(line)).filter((line) => line !== "ok")
    .map((line) => `its file is damaged: ${line}`);
}

function findMissing(
  connection: Connection,
  { model, field, attached }: {
    readonly model: string;
    readonly field: string;
    readonly attached: ReadonlySet<string | undefined>;
  },
): readonly string[] {
  const column = quote(field);
  const sql = `SELECT id, ${column} FROM ${quote(model)} WHERE ${column} IS NOT NULL`;
  return connection.prepare(sql).all()
    .filter(([, stored]) => !attached.has(parseFacts(String(stored)).id))
    .map(([id]) => `the file of ${model} "${id}", field ${field}, is missing`);
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(({ size }) => size, () => 0);
}
