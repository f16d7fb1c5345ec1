import type { Database } from "./database.ts";
import { toTaskGlobals } from "./globals.ts";
import { parseDataModel } from "./model/parse_data_model.ts";
import { createSqliteDatabase } from "./sqlite/sqlite_database.ts";

/** What `installDatabase` is told. */
export interface InstallOptions {
  /** The folder of the database; without one, models are known and nothing can be read. */
  readonly dir: string | undefined;
  /** A data model as JSON. */
  readonly dataModel: unknown;
  /** Make the database when it is used; a worker finds it made, or it is gone. */
  readonly isMade: boolean;
}

/** Defines the globals of tasks, `DB`, `Day` and `Attachment`; the database opens when it is used. */
export function installDatabase({ dir, dataModel, isMade }: InstallOptions): Database {
  const { database, attachments } = createSqliteDatabase({
    dir,
    dataModel: parseDataModel(dataModel),
    isMade,
  });
  for (const [name, value] of Object.entries(toTaskGlobals(database, { attachments }))) {
    defineGlobal(name, value);
  }
  return database;
}

/** Defines a global that task code may hide, as those of the platform. */
function defineGlobal(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
