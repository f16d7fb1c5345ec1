import { messageOf, RuntimeError } from "../base/errors.ts";
import type { DataModel } from "./model/data_model.ts";
import { readSchema, type SchemaWarning } from "./model/read_schema.ts";
import { databaseDir } from "./places.ts";
import { openAndMigrate } from "./sqlite/open.ts";

/** What to bring up to date, and where. */
export interface PrepareOptions {
  /** The folder with `schema.xml`. */
  readonly dir: string;
  /** The folder that messages name instead. */
  readonly sourceDir: string;
  readonly dataDir: string;
  readonly hostname: string;
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
    const connection = await openAndMigrate(dir, dataModel);
    connection.close();
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    const message = `Cannot prepare the database of "${hostname}" in "${dir}": ${messageOf(cause)}`;
    throw new RuntimeError("database_failed", message, { cause });
  }
  return { dir, dataModel, warnings };
}
