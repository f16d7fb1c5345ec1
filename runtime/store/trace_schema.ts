import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { InvocationState } from "../protocol/records.ts";

const privateFolder = 0o700;
const privateFile = 0o600;
const schemaVersion = 2;
/** Other gateways of the folder write, too: their commits take a moment. */
const busyTimeoutMs = 5_000;
/** Longer invocations have an index of their own. */
export const slowFromUs = 1_000_000;

/** How states are stored: the place in this list; `COMPLETED` is 0, as most are. */
export const storedStates = [
  "COMPLETED",
  "RUNNING",
  "FAILED",
  "CRASHED",
  "KILLED",
  "INTERRUPTED",
] as const satisfies readonly InvocationState[];

/** The levels of log lines, as they are stored. */
export const storedLevels = ["debug", "info", "warn", "error"] as const;
/** The streams of log lines, as they are stored. */
export const storedStreams = ["console", "stdout", "stderr"] as const;

/** Where traces are kept below the data folder. */
export function tracesFolder(dataDir: string): string {
  return join(dataDir, "traces");
}

/** The file of a folder of traces. */
export function traceFile(folder: string): string {
  return join(folder, "traces.db");
}

/*
 * Plain requests are in chunks, many together (`trace_chunks.ts`): `lines` as the gateway told them,
 * `places` what their numbers of places stand for. Every other invocation has a row with what is
 * searched for; the rest is `facts`, JSON of `trace_facts.ts`. IDs begin with the time, so that keys
 * and indexes only grow at their ends. `place` stands for names that repeat. A request has a row of
 * its own only where its one invocation does not tell all of it.
 */
const schema = `
CREATE TABLE places (
  id INTEGER PRIMARY KEY,
  deployment TEXT NOT NULL, release TEXT NOT NULL, task TEXT NOT NULL,
  method TEXT NOT NULL, path TEXT NOT NULL,
  UNIQUE (task, deployment, release, method, path)
);
CREATE TABLE gateways (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  lastBatch INTEGER NOT NULL
);
CREATE TABLE chunks (
  id INTEGER PRIMARY KEY,
  firstMs INTEGER NOT NULL,
  slowestUs INTEGER NOT NULL,
  count INTEGER NOT NULL,
  places TEXT NOT NULL,
  lines BLOB NOT NULL
);
CREATE TABLE chunkPlaces (
  place INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  PRIMARY KEY (place, chunk)
) WITHOUT ROWID;
CREATE TABLE invocations (
  traceId BLOB NOT NULL PRIMARY KEY,
  requestId BLOB NOT NULL,
  place INTEGER NOT NULL,
  state INTEGER NOT NULL,
  durationUs INTEGER,
  facts TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX invocationsByRequest ON invocations (requestId);
CREATE INDEX invocationsByPlace ON invocations (place);
CREATE INDEX invocationsNotCompleted ON invocations (state, place) WHERE state <> 0;
CREATE INDEX invocationsSlow ON invocations (place) WHERE durationUs >= ${slowFromUs};
CREATE TABLE running (
  traceId BLOB NOT NULL PRIMARY KEY,
  gateway INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE requests (
  requestId BLOB NOT NULL PRIMARY KEY,
  startedAt INTEGER NOT NULL,
  facts TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX requestsByTime ON requests (startedAt);
CREATE TABLE lines (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  traceId BLOB, requestId BLOB,
  deployment TEXT NOT NULL, task TEXT,
  time INTEGER NOT NULL, level INTEGER NOT NULL, stream INTEGER NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX linesByTrace ON lines (traceId) WHERE traceId IS NOT NULL;
CREATE TABLE omitted (
  traceId BLOB NOT NULL PRIMARY KEY,
  lines INTEGER NOT NULL
) WITHOUT ROWID;
PRAGMA user_version = ${schemaVersion};
`;

/**
 * Opens the file of a folder for writing, and makes it when it is not there.
 * @throws {RuntimeError} `file_failed` when it cannot be used.
 */
export function openTraceFile(folder: string): DatabaseSync {
  try {
    mkdirSync(folder, { recursive: true, mode: privateFolder });
    const database = new DatabaseSync(traceFile(folder));
    chmodSync(traceFile(folder), privateFile);
    prepare(database);
    return database;
  } catch (cause) {
    const message = `Cannot keep traces in "${folder}": ${messageOf(cause)}`;
    throw new RuntimeError("file_failed", message, { cause });
  }
}

/**
 * Opens a file for reading.
 * @throws {RuntimeError} `file_failed` when another version of webtaskd wrote it.
 */
export function openTraceFileToRead(file: string): DatabaseSync {
  // Not `readOnly`: what a killed writer has left in its log is there only for those who may write.
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA query_only = 1`);
  requireVersion(database);
  return database;
}

/** A commit need not wait for the disk: what the system has been given outlives the process. */
function prepare(database: DatabaseSync): void {
  database.exec(`
    PRAGMA busy_timeout = ${busyTimeoutMs};
    PRAGMA page_size = 8192;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -8000;
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA journal_size_limit = 67108864;
  `);
  database.exec("BEGIN IMMEDIATE");
  try {
    if (versionOf(database) === 0) database.exec(schema);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
  requireVersion(database);
}

function requireVersion(database: DatabaseSync): void {
  const version = versionOf(database);
  if (version === schemaVersion) return;
  throw new RuntimeError(
    "file_failed",
    `Cannot read traces of version ${version}: this webtaskd knows version ${schemaVersion}: ` +
      "move the folder of the traces away, or use the webtaskd that wrote it",
  );
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}
