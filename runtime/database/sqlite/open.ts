import { mkdir, stat } from "node:fs/promises";
import { RuntimeError } from "../../base/errors.ts";
import type { DataModel } from "../model/data_model.ts";
import { DatabaseError } from "../sql/errors.ts";
import { Connection } from "./connection.ts";
import { databaseFile } from "../places.ts";
import { migrate } from "./migrate.ts";
import { retryWhileBusy } from "./retry.ts";
import { isBusy, toDatabaseError } from "./sqlite_errors.ts";

const cacheKilobytes = 16 * 1024;

/**
 * Opens the database in a folder, made where there is none, and brings it up to a data model. Any
 * number of processes may do so at once.
 * @throws {DatabaseError} when it cannot be opened, {RuntimeError} `bad_schema` when rows do not fit.
 */
export async function openAndMigrate(dir: string, dataModel: DataModel): Promise<Connection> {
  await mkdir(dir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw toDatabaseError("open", error);
  });
  const connection = await open(dir);
  try {
    await retryWhileBusy(() => migrate(connection, dataModel));
    return connection;
  } catch (error) {
    connection.close();
    throw error instanceof RuntimeError ? error : toDatabaseError("open", error);
  }
}

/**
 * Opens the database in a folder as it is: one that is gone is an error, not an empty one.
 * @throws {DatabaseError} when it cannot be opened.
 */
export async function openExisting(dir: string): Promise<Connection> {
  const file = databaseFile(dir);
  const isThere = await stat(file).then(() => true, () => false);
  if (isThere) return await open(dir);
  throw new DatabaseError("unavailable", `Cannot open the database: "${file}" is gone`);
}

async function open(dir: string): Promise<Connection> {
  const connection = await retryOpening(() => Connection.open(databaseFile(dir)));
  try {
    await retryWhileBusy(() => setUp(connection));
    return connection;
  } catch (error) {
    connection.close();
    throw toDatabaseError("open", error);
  }
}

/** Readers and a writer at the same time; what has been committed survives a loss of power. */
function setUp(connection: Connection): void {
  connection.exec("PRAGMA journal_mode = WAL");
  connection.exec("PRAGMA synchronous = FULL");
  // As much as is used, up to this: with the 2 MB of the default, look-ups in 100,000 rows miss it.
  connection.exec(`PRAGMA cache_size = -${cacheKilobytes}`);
}

async function retryOpening(open: () => Promise<Connection>): Promise<Connection> {
  try {
    return await open();
  } catch (error) {
    if (isBusy(error)) return await open();
    throw toDatabaseError("open", error);
  }
}
