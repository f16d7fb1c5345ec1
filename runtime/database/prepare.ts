import { stat } from "node:fs/promises";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { DataModel } from "./model/data_model.ts";
import { readSchema, type SchemaWarning } from "./model/read_schema.ts";
import type { Migration } from "./migrator.ts";
import { databaseDir, databaseFile } from "./places.ts";
import { isUpToDate } from "./sqlite/migrate.ts";
import { openAndMigrate, openExisting } from "./sqlite/open.ts";

/** What to bring up to date, and where. */
export interface PrepareOptions {
  /** The folder with `schema.xml`. */
  readonly dir: string;
  /** The folder that messages name instead. */
  readonly sourceDir: string;
  readonly dataDir: string;
  readonly hostname: string;
  /** Migrates what is there and is not up to date; without it, this thread does. */
  migrate?(migration: Migration): Promise<void>;
}

/** A database that is ready for the tasks of a release. */
export interface PreparedDatabase {
  readonly dir: string;
  /** `undefined` for an app without `schema.xml`: nothing is created then. */
  readonly dataModel: DataModel | undefined;
  readonly warnings: readonly SchemaWarning[];
}

/**
 * Creates the database of a deployment where there is none, and brings it up to the app's schema.
 * @throws {RuntimeError} `bad_schema` for one that is wrong or does not fit the rows there are,
 * `database_failed` for a database that cannot be used.
 */
export async function prepareDatabase(options: PrepareOptions): Promise<PreparedDatabase> {
  const { sourceDir, dataDir, hostname } = options;
  const dir = databaseDir(dataDir, hostname);
  const schema = await readSchema(options.dir, { shownDir: sourceDir });
  if (schema === undefined) return { dir, dataModel: undefined, warnings: [] };
  const { model: dataModel, warnings } = schema;
  try {
    const migration = { dir, dataModel };
    if (options.migrate && await isBehind(migration)) await options.migrate(migration);
    else (await openAndMigrate(dir, dataModel)).close();
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    const message = `Cannot prepare the database of "${hostname}" in "${dir}": ${messageOf(cause)}`;
    throw new RuntimeError("database_failed", message, { cause });
  }
  return { dir, dataModel, warnings };
}

/** Whether there is a database with another model: new ones and those that are ready take no time. */
async function isBehind({ dir, dataModel }: Migration): Promise<boolean> {
  const isThere = await stat(databaseFile(dir)).then(() => true, () => false);
  if (!isThere) return false;
  const connection = await openExisting(dir);
  try {
    return !isUpToDate(connection, dataModel);
  } finally {
    connection.close();
  }
}
