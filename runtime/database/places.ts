import { join } from "node:path";

/** The folder of all databases in a data folder. */
export function databasesDir(dataDir: string): string {
  return join(dataDir, "databases");
}

/** The folder of a deployment's database: no other deployment has a way into it. */
export function databaseDir(dataDir: string, hostname: string): string {
  return join(databasesDir(dataDir), hostname);
}

/** The file of a database in its folder. */
export function databaseFile(dir: string): string {
  return join(dir, "database.sqlite");
}

/** The folder of attachments in that of a database. */
export function attachmentsDir(dir: string): string {
  return join(dir, "attachments");
}
