import { join } from "node:path";

/** The file of a database in its folder. */
export function databaseFile(dir: string): string {
  return join(dir, "database.sqlite");
}

/** The folder of attachments in that of a database. */
export function attachmentsDir(dir: string): string {
  return join(dir, "attachments");
}
