import { readdir } from "node:fs/promises";
import { RuntimeError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest.ts";
import type { DataModel } from "../model/data_model.ts";
import { parseDataModel } from "../model/parse_data_model.ts";
import { databaseDir, databaseFile, databasesDir } from "../places.ts";
import { Catalogue } from "../sqlite/catalogue.ts";
import { Connection } from "../sqlite/connection.ts";
import { toDatabaseError } from "../sqlite/sqlite_errors.ts";

/** Lists the hostnames of deployments that have a database. */
export async function listDatabases(dataDir: string): Promise<readonly string[]> {
  const entries = await readdir(databasesDir(dataDir), { withFileTypes: true })
    .catch((error: unknown) => {
      if (Object(error).code === "ENOENT") return [];
      throw error;
    });
  // Names with a dot are of restores: under way, or of what was there before.
  return entries.filter((entry) => entry.isDirectory() && !entry.name.includes("."))
    .map(({ name }) => name).sort();
}

/**
 * Reads the data model that the database of a deployment was last brought up to.
 * @throws {RuntimeError} `database_failed` when there is no such database, or it cannot be read.
 */
export async function readStoredModel(dataDir: string, hostname: string): Promise<DataModel> {
  const known = await listDatabases(dataDir);
  if (!known.includes(hostname)) {
    const list = known.length === 0 ? "there is none yet" : `there are ${known.join(", ")}`;
    const hint = didYouMean(hostname, known);
    const message = `Cannot find the database of "${hostname}" in "${dataDir}": ${list}${hint}`;
    throw new RuntimeError("database_failed", message);
  }
  const json = await readJson(databaseFile(databaseDir(dataDir, hostname)));
  if (json !== undefined) return parseDataModel(JSON.parse(json));
  const message = `Cannot read the database of "${hostname}": webtaskd has not made it`;
  throw new RuntimeError("database_failed", message);
}

async function readJson(file: string): Promise<string | undefined> {
  try {
    const connection = await Connection.open(file);
    try {
      return new Catalogue(connection).dataModel();
    } finally {
      connection.close();
    }
  } catch (cause) {
    const { message } = toDatabaseError("read", cause);
    throw new RuntimeError("database_failed", message, { cause });
  }
}
