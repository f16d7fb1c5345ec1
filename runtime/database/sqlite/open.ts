import { mkdir } from "node:fs/promises";
import type { DataModel } from "../model/data_model.ts";
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
export async function openConnection(
  dir: string,
  { dataModel }: { readonly dataModel: DataModel | undefined },
): Promise<Connection> {
  await mkdir(dir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw toDatabaseError("open", error);
  });
  const connection = await retryOpening(() => Connection.open(databaseFile(dir)));
  try {
    await retryWhileBusy(() => setUp(connection));
    if (dataModel) await retryWhileBusy(() => migrate(connection, dataModel));
    return connection;
  } catch (error) {
    connection.close();
    throw error instanceof Error && error.name === "RuntimeError"
      ? error
      : toDatabaseError("open", error);
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
