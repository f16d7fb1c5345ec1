import { describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { attachmentsDir, databaseFile } from "../../runtime/database/places.ts";
import { Connection } from "../../runtime/database/sqlite/connection.ts";
import { createSqliteDatabase } from "../../runtime/database/sqlite/sqlite_database.ts";
import { writeBackup } from "../../runtime/database/tools/backup.ts";
import { until } from "../conformance/wait.ts";
import { createTempFolder } from "../temp_folder.ts";
import { sampleSchema, toDataModel } from "./support.ts";

const advice = "Cannot read an attachment removed meanwhile: start it again when no " +
  '"webtaskd db prune" runs';

/** A database with an object and its attachment, and where to back it up to. */
async function createHolder() {
  const folder = await createTempFolder();
  const dir = join(folder.path, "database");
  const { database, attachments } = createSqliteDatabase({
    ...{ dir, dataModel: toDataModel(sampleSchema), isMade: true },
  });
  const file = await attachments.create({ filename: "a.txt", text: "content" });
  const holder: { save?: () => Promise<void> } = database.collection("everything").create({ file });
  await holder.save?.();
  await database[Symbol.asyncDispose]();
  return {
    backup: { dir, hostname: "acme-testing", file: join(folder.path, "backups/a.backup") },
    attachment: join(attachmentsDir(dir), file.id),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe("writeBackup()", () => {
  test("fails when an attachment goes while the database is copied", async () => {
    await using holder = await createHolder();
    const { backup, attachment } = holder;
    // The copy waits for as long as somebody has the database alone.
    const alone = await Connection.open(databaseFile(backup.dir));
    alone.exec("PRAGMA locking_mode = EXCLUSIVE");
    alone.transact(() => {});
    const written = writeBackup(backup).catch((error: unknown) => error);
    // The first it does once it knows what there is.
    await until("the folder of the backup", () => existsSync(dirname(backup.file)));
    await rm(attachment);
    alone.close();
    expect(await written).toMatchObject({
      code: "file_failed",
      message: `Cannot write the backup "${backup.file}": ${advice}`,
    });
    expect(await readdir(dirname(backup.file))).toEqual([]);
  });

  test("fails when an attachment goes while others are written", async () => {
    await using holder = await createHolder();
    const { backup, attachment } = holder;
    // Told of the database first, before the attachment is opened.
    const onProgress = () => rmSync(attachment, { force: true });
    await expect(writeBackup({ ...backup, onProgress })).rejects.toMatchObject({
      code: "file_failed",
      message: expect.stringContaining(advice),
    });
    expect(await readdir(dirname(backup.file))).toEqual([]);
  });
});
