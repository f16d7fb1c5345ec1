import { AttachmentStore } from "../attachments.ts";
import { Database } from "../database.ts";
import type { DataModel } from "../model/data_model.ts";
import { DatabaseError } from "../sql/errors.ts";
import { sqliteDialect } from "./dialect.ts";
import { attachmentsDir } from "../places.ts";
import { openConnection } from "./open.ts";
import { SqliteEngine } from "./sqlite_engine.ts";

/** A database of SQLite and the files beside it. */
export interface SqliteDatabase {
  readonly database: Database;
  readonly attachments: AttachmentStore;
}

/**
 * Puts a database together, without opening it. Without a folder it knows its models, and refuses
 * to read and write.
 */
export function createSqliteDatabase(
  dir: string | undefined,
  dataModel: DataModel,
): SqliteDatabase {
  const attachments = new AttachmentStore(dir === undefined ? undefined : attachmentsDir(dir));
  const database = new Database({
    dataModel,
    dialect: sqliteDialect,
    surroundings: { attachments },
    async open() {
      if (dir !== undefined) return new SqliteEngine(await openConnection(dir, { dataModel }));
      throw new DatabaseError("unavailable", "Cannot use the database: there is none here");
    },
  });
  return { database, attachments };
}
