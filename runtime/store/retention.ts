import type { DatabaseSync, StatementSync } from "node:sqlite";
import { firstIdDigits, idTimeMs } from "../base/ids.ts";
import { firstChunkId, lastMsOf } from "./trace_chunks.ts";
import { readStoredId } from "./trace_ids.ts";
import { storedStates } from "./trace_schema.ts";

/** Rows of a kind that go in one step: a step is over in a few milliseconds. */
export const rowsPerStep = 500;
/** Plain requests that go in one step, in whole chunks. */
const plainPerStep = 2_000;
const runningState = storedStates.indexOf("RUNNING");
/** Twelve hex digits. */
const latestMs = 2 ** 48 - 1;
/** Of the size at the limit, this part is to stay. */
const keptPart = 0.95;

/** How much is kept. */
export interface RetentionLimits {
  readonly maxAgeMs: number;
  /** Of the file; freed pages are used again. */
  readonly maxBytes: number;
}

/** Removes the oldest, in small steps, until what is left keeps to the limits. */
export class Retention {
  readonly #database: DatabaseSync;
  readonly #limits: RetentionLimits;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #isShrinking = false;

  constructor(database: DatabaseSync, limits: RetentionLimits) {
    this.#database = database;
    this.#limits = limits;
    this.#statements = prepareStatements(database);
  }

  /** The bytes of the file that hold something. */
  get usedBytes(): number {
    return Number(this.#statements.size.get()?.["bytes"]);
  }

  /** Removes some rows that are too old, or too many; says whether there may be more of them. */
  step(nowMs: number): boolean {
    const { maxAgeMs, maxBytes } = this.#limits;
    const { usedBytes } = this;
    // Below the limit by a margin, so that not each new row makes an old one go.
    this.#isShrinking = usedBytes > maxBytes * (this.#isShrinking ? keptPart : 1);
    const oldestMs = this.#isShrinking ? Infinity : nowMs - maxAgeMs;
    return this.#removeOldest(oldestMs) > 0;
  }

  #removeOldest(beforeMs: number): number {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      // What belongs to invocations goes after them, and before the next ones go.
      const removed = this.#removeLeft(beforeMs) || this.#removeInvocations(beforeMs);
      this.#database.exec("COMMIT");
      return removed;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Removes rows and chunks up to the same time, so that neither kind outlives the other. */
  #removeInvocations(beforeMs: number): number {
    const { invocations, chunkPlaces, chunks } = this.#statements;
    const endMs = Math.min(beforeMs, this.#endOfRows(), this.#endOfChunks());
    const rows = invocations.run(toFirstId(endMs), runningState, rowsPerStep).changes;
    const firstKept = firstChunkId(endMs);
    chunkPlaces.run(firstKept);
    return Number(rows) + Number(chunks.run(firstKept).changes);
  }

  /** Until when the rows are that may go in one step. */
  #endOfRows(): number {
    const row = this.#statements.lastRowOfStep.get(runningState, rowsPerStep - 1);
    return row ? idTimeMs(readStoredId(row["traceId"])) + 1 : Infinity;
  }

  /** Until when the chunks are that may go in one step; one always may. */
  #endOfChunks(): number {
    const oldest = this.#statements.oldestChunks.all(rowsPerStep);
    let plain = 0;
    const last = oldest.find(({ count }) => (plain += Number(count)) >= plainPerStep) ??
      oldest[rowsPerStep - 1];
    return last ? lastMsOf(Number(last["id"])) + 1 : Infinity;
  }

  /** Removes requests and lines that are older than every invocation. */
  #removeLeft(beforeMs: number): number {
    const { oldestRow, oldestChunk, requests, lines, omitted } = this.#statements;
    const oldestMs = [oldestRow.get(runningState), oldestChunk.get()]
      .map((oldest) => Number(oldest?.["startedAt"] ?? latestMs));
    const untilMs = Math.min(beforeMs, ...oldestMs);
    return Number(requests.run(untilMs, rowsPerStep).changes) +
      Number(lines.run(untilMs, rowsPerStep).changes) +
      Number(omitted.run(toFirstId(untilMs), rowsPerStep).changes);
  }
}

/** The first identifier that can have been made at a time. */
function toFirstId(timeMs: number): string {
  return firstIdDigits(Math.min(timeMs, latestMs)).padEnd(2 * 16, "0");
}

function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    size: prepare(
      "SELECT (page_count - freelist_count) * page_size bytes " +
        "FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
    ),
    invocations: prepare(
      "DELETE FROM invocations WHERE traceId IN (SELECT traceId FROM invocations NOT INDEXED " +
        "WHERE traceId < unhex(?) AND state <> ? ORDER BY traceId LIMIT ?)",
    ),
    lastRowOfStep: prepare(
      "SELECT traceId FROM invocations NOT INDEXED WHERE state <> ? ORDER BY traceId " +
        "LIMIT 1 OFFSET ?",
    ),
    oldestChunks: prepare("SELECT id, count FROM chunks ORDER BY id LIMIT ?"),
    chunks: prepare("DELETE FROM chunks WHERE id < ?"),
    chunkPlaces: prepare(
      "DELETE FROM chunkPlaces WHERE (place, chunk) IN " +
        "(SELECT value, chunks.id FROM chunks, json_each(places) WHERE chunks.id < ?)",
    ),
    oldestChunk: prepare("SELECT firstMs startedAt FROM chunks ORDER BY id LIMIT 1"),
    oldestRow: prepare(
      "SELECT facts ->> 1 startedAt FROM invocations NOT INDEXED WHERE state <> ? " +
        "ORDER BY traceId LIMIT 1",
    ),
    requests: prepare(
      "DELETE FROM requests WHERE requestId IN (SELECT requestId FROM requests " +
        "WHERE startedAt < ? ORDER BY startedAt LIMIT ?)",
    ),
    lines: prepare(
      "DELETE FROM lines WHERE sequence IN (SELECT sequence FROM (SELECT sequence, time FROM lines " +
        "ORDER BY sequence LIMIT ?2) WHERE time < ?1)",
    ),
    omitted: prepare(
      "DELETE FROM omitted WHERE traceId IN (SELECT traceId FROM omitted WHERE traceId < unhex(?) " +
        "ORDER BY traceId LIMIT ?)",
    ),
  };
}
