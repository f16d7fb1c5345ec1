import { AttachmentStore } from "../attachments.ts";
import { Database } from "../database.ts";
import type { DataModel } from "../model/data_model.ts";
import { DatabaseError } from "../sql/errors.ts";
import { sqliteDialect } from "./dialect.ts";
import { attachmentsDir } from "../places.ts";
import { openAndMigrate, openExisting } from "./open.ts";
import { SqliteEngine } from "./sqlite_engine.ts";

/** A database of SQLite and the files beside it. */
export interface SqliteDatabase {
  readonly database: Database;
  readonly attachments: AttachmentStore;
}

/** Where a database is, and what may be done to make it so. */
export interface SqliteOptions {
  /** Without a folder a database knows its models, and refuses to read and write. */
  readonly dir: string | undefined;
  readonly dataModel: DataModel;
  /** Make the file, and bring it up to the data model, when it is first used. */
  readonly isMade: boolean;
}

/** Puts a database together, without opening it. */
export function createSqliteDatabase({ dir, dataModel, isMade }: SqliteOptions): SqliteDatabase {
  const attachments = new AttachmentStore(dir === undefined ? undefined : attachmentsDir(dir));
  const database = new Database({
    dataModel,
    dialect: sqliteDialect,
    surroundings: { attachments },
    async open() {
      if (dir === undefined) {
        throw new DatabaseError("unavailable", "Cannot use the database: there is none here");
      }
      return new SqliteEngine(
        isMade ? await openAndMigrate(dir, dataModel) : await openExisting(dir),
      );
    },
  });
  return { database, attachments };
}
