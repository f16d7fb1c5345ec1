import type { DatabaseSync } from "node:sqlite";
import { idPattern, idTimeMs } from "../base/ids.ts";
import { findPlainLines, placeOf, readPlainLine, readPlainLines } from "./plain_lines.ts";
import { newestFirst, type StoredInvocation } from "./stored_invocation.ts";
import { firstChunkId, lastMsOf, latestChunkMs, maxChunkSpreadMs } from "./trace_chunks.ts";
import { readInvocationFacts } from "./trace_facts.ts";
import type { TraceFilter } from "./trace_reader.ts";
import { slowFromUs, storedStates } from "./trace_schema.ts";

/** Keys of chunks that are read at a time. */
const keysAtOnce = 64;
const completedState = storedStates.indexOf("COMPLETED");

/** A search whose names have been looked up. */
export interface PlainFilter
  extends Pick<TraceFilter, "state" | "requestId" | "sinceMs" | "slowMs" | "limit"> {
  /** Those that are let through; undefined where all are. */
  readonly places: readonly number[] | undefined;
}

/** Adds the plain requests that a filter lets through to other invocations, the newest first. */
export function addPlain(
  database: DatabaseSync,
  filter: PlainFilter,
  others: readonly StoredInvocation[],
): readonly StoredInvocation[] {
  if (!canBePlain(filter)) return others;
  const wanted = filter.places && new Set(filter.places);
  const isWanted = toTest(filter, wanted);
  const newest = new Newest(others, filter.limit);
  if (filter.requestId !== undefined) {
    newest.add(findPlain(database, filter.requestId).filter(isWanted));
    return newest.all;
  }
  const { sinceMs = 0, slowMs = 0 } = filter;
  const find = database.prepare("SELECT * FROM chunks WHERE id = ? AND slowestUs >= ?");
  for (const key of keysOf(database, filter.places)) {
    if (lastMsOf(key) < Math.max(newest.oldestMs, sinceMs)) break;
    const row = find.get(key, slowMs * 1_000);
    if (row) newest.add(readChunk(row, wanted).filter(isWanted));
  }
  return newest.all;
}

/** Finds the plain requests that have an identifier as one of their two. */
export function findPlain(database: DatabaseSync, id: string): readonly StoredInvocation[] {
  if (!idPattern.test(id) || idTimeMs(id) > latestChunkMs) return [];
  const timeMs = idTimeMs(id);
  const rows = database.prepare(
    "SELECT places, lines FROM chunks WHERE id >= ? AND id < ? AND firstMs <= ?",
  );
  const found: StoredInvocation[] = [];
  const [first, end] = [firstChunkId(timeMs), firstChunkId(timeMs + maxChunkSpreadMs + 1)];
  for (const row of rows.iterate(first, end, timeMs)) {
    const places = readPlaces(row);
    found.push(...findPlainLines(linesOf(row), id).map((line) => toStored(line, places)));
  }
  return found;
}

/** The newest of what is found, up to a limit. */
class Newest {
  readonly #limit: number;
  #found: readonly StoredInvocation[];

  constructor(found: readonly StoredInvocation[], limit: number) {
    this.#found = found;
    this.#limit = limit;
  }

  get all(): readonly StoredInvocation[] {
    return this.#found;
  }

  /** What is older is not wanted any more. */
  get oldestMs(): number {
    const oldest = this.#found[this.#limit - 1];
    return oldest ? idTimeMs(oldest.traceId) : -Infinity;
  }

  add(more: readonly StoredInvocation[]): void {
    if (more.length === 0) return;
    this.#found = [...this.#found, ...more].sort(newestFirst).slice(0, this.#limit);
  }
}

/** Whether requests that are in chunks can be among what a filter lets through. */
function canBePlain({ state, slowMs = 0 }: PlainFilter): boolean {
  return (state === undefined || state === "COMPLETED") && slowMs * 1_000 < slowFromUs;
}

function toTest(
  { sinceMs, slowMs }: PlainFilter,
  wanted: ReadonlySet<number> | undefined,
): (stored: StoredInvocation) => boolean {
  return ({ place, durationUs, facts }) => {
    if (wanted && !wanted.has(place)) return false;
    if (slowMs !== undefined && Number(durationUs) < slowMs * 1_000) return false;
    return sinceMs === undefined || readInvocationFacts(facts).startedAt >= sinceMs;
  };
}

/** The keys of chunks, the newest first: of those that have any of the places, where there are. */
function* keysOf(database: DatabaseSync, places: readonly number[] | undefined) {
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const keys = places ? keysOfPlaces(database, places, before) : keysOfAll(database, before);
    yield* keys;
    if (keys.length < keysAtOnce) return;
    before = keys.at(-1) ?? 0;
  }
}

function keysOfAll(database: DatabaseSync, before: number): readonly number[] {
  const sql = "SELECT id FROM chunks WHERE id < ? ORDER BY id DESC LIMIT ?";
  return database.prepare(sql).all(before, keysAtOnce).map(({ id }) => Number(id));
}

/** Each place has its own newest; of all these the newest are next. */
function keysOfPlaces(
  database: DatabaseSync,
  places: readonly number[],
  before: number,
): readonly number[] {
  const sql = "SELECT chunk FROM chunkPlaces WHERE place = ? AND chunk < ? " +
    "ORDER BY chunk DESC LIMIT ?";
  const find = database.prepare(sql);
  const keys = new Set<number>();
  for (const place of places) {
    for (const { chunk } of find.all(place, before, keysAtOnce)) keys.add(Number(chunk));
  }
  return [...keys].sort((a, b) => b - a).slice(0, keysAtOnce);
}

type Row = Readonly<Record<string, unknown>>;

/** Reads what a chunk has of some places, or of all. */
function readChunk(
  row: Row,
  wanted: ReadonlySet<number> | undefined,
): readonly StoredInvocation[] {
  const places = readPlaces(row);
  const found: StoredInvocation[] = [];
  for (const line of readPlainLines(linesOf(row))) {
    // Most may be of other places: no more of them is read than is needed to tell.
    if (!wanted || wanted.has(Number(places.get(placeOf(line))))) {
      found.push(toStored(line, places));
    }
  }
  return found;
}

function readPlaces({ places }: Row): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(JSON.parse(String(places))));
}

function linesOf({ lines }: Row): Uint8Array {
  return lines instanceof Uint8Array ? lines : new Uint8Array();
}

function toStored(line: string, places: ReadonlyMap<string, unknown>): StoredInvocation {
  const { place, ...told } = readPlainLine(line);
  return { ...told, place: Number(places.get(place) ?? 0), state: completedState };
}
