import type { DatabaseSync } from "node:sqlite";
import { readStoredId, toStoredId } from "./trace_ids.ts";
import type { LogFilter, LogLineRow } from "./trace_reader.ts";
import { storedLevels, storedStreams } from "./trace_schema.ts";

/** Lines are stored nearly in the order of their times: a clock may be set back a little. */
const disorderMs = 60_000;

type Value = string | number | Uint8Array;

/** Finds lines of the log, the oldest first. */
export function searchLines(database: DatabaseSync, filter: LogFilter): readonly LogLineRow[] {
  const { deployment, task, traceId, level, sinceMs, afterSequence, limit } = filter;
  const conditions: string[] = [];
  const values: Value[] = [];
  const add = (sql: string, value: Value | undefined) => {
    if (value === undefined) return;
    conditions.push(sql);
    values.push(value);
  };
  add("traceId = ?", traceId === undefined ? undefined : toStoredId(traceId));
  add("deployment = ?", deployment);
  add("task = ?", task);
  add("level = ?", level === undefined ? undefined : storedLevels.indexOf(level));
  add("sequence > ?", afterSequence);
  add("time >= ?", sinceMs);
  if (traceId === undefined && sinceMs !== undefined) {
    add("sequence >= ?", firstSequence(database, sinceMs - disorderMs));
  }
  const isFollowing = afterSequence !== undefined;
  const sql = "SELECT sequence, traceId, requestId, deployment, task, time, level, stream, text " +
    `FROM lines WHERE ${conditions.join(" AND ") || "1"} ` +
    `ORDER BY sequence ${isFollowing ? "ASC" : "DESC"} LIMIT ?`;
  const rows = database.prepare(sql).all(...values, limit).map(toLine);
  return isFollowing ? rows : rows.toReversed();
}

/** Halves the log until the first line of a time is found: no index has to be kept for it. */
function firstSequence(database: DatabaseSync, timeMs: number): number {
  const ends =
    "SELECT coalesce(min(sequence), 0) low, coalesce(max(sequence), 0) + 1 high FROM lines";
  const { low: lowest, high: highest } = database.prepare(ends).get() ?? {};
  const probe = database.prepare(
    "SELECT sequence, time FROM lines WHERE sequence >= ? ORDER BY sequence LIMIT 1",
  );
  let [low, high] = [Number(lowest), Number(highest)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = probe.get(middle);
    if (row === undefined || Number(row["time"]) >= timeMs) high = middle;
    else low = Number(row["sequence"]) + 1;
  }
  return low;
}

function toLine(row: Record<string, unknown>): LogLineRow {
  const { sequence, traceId, requestId, deployment, task, time, level, stream, text } = row;
  return {
    sequence: Number(sequence),
    traceId: traceId === null ? undefined : readStoredId(traceId),
    requestId: requestId === null ? undefined : readStoredId(requestId),
    deployment: String(deployment),
    task: typeof task === "string" ? task : undefined,
    time: Number(time),
    level: storedLevels[Number(level)] ?? "info",
    stream: storedStreams[Number(stream)] ?? "console",
    text: String(text),
  };
}
