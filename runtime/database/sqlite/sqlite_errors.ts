import { messageOf } from "../../base/errors.ts";
import { DatabaseError, type DatabaseErrorCode } from "../sql/errors.ts";

/** Of the two runtimes only one tells the number of an error; both have SQLite's own words. */
const causes: readonly (readonly [RegExp, DatabaseErrorCode, string])[] = [
  [/is full/, "full", "the disk is full"],
  [/readonly|read-only/i, "readonly", "its file is read-only"],
  [
    /malformed|not a database|disk image/,
    "corrupt",
    'its file is damaged: see "webtaskd doctor", and restore a backup',
  ],
  [/unable to open/, "unavailable", "its file cannot be opened"],
  [/disk I\/O error/, "unavailable", "its disk cannot be read or written"],
  [/UNIQUE constraint failed/, "conflict", "an object with this ID is there already"],
  [/no such (table|column)/, "unavailable", "it lacks what the app's schema.xml declares"],
];

/** Whether another connection holds what this one wants. */
export function isBusy(error: unknown): boolean {
  return /database (table )?is locked|database schema is locked/.test(messageOf(error));
}

/** Says in a task author's words what SQLite reported. */
export function toDatabaseError(doing: string, error: unknown): Error {
  if (error instanceof DatabaseError) return error;
  const message = messageOf(error);
  const [, code = "failed", reason = message] = causes.find(([words]) => words.test(message)) ?? [];
  return new DatabaseError(code, `Cannot ${doing} the database: ${reason}`, { cause: error });
}
