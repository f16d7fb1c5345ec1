import type { DatabaseSync } from "node:sqlite";
import { firstIdDigits, idPattern } from "../base/ids.ts";
import { toStoredId } from "./trace_ids.ts";
import type { TraceFilter } from "./trace_reader.ts";
import { slowFromUs, storedStates } from "./trace_schema.ts";

/**
 * An invocation may have waited so long for a process before it counts as started; the usual deadline
 * is shorter. All that is as old is looked at, each time somebody asks for what is new.
 */
const longestWaitMs = 5 * 60 * 1_000;

/** A row of an invocation as it is stored. */
export interface StoredInvocation {
  readonly traceId: Uint8Array | string;
  readonly requestId: Uint8Array | string;
  readonly place: number;
  readonly state: number;
  readonly durationUs: number | null;
  readonly facts: string;
}

type Value = string | number | Uint8Array;

/** A condition of a search, and what is bound in it. */
interface Condition {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** Finds invocations, the newest first: by the index that leaves the least to look at. */
export function searchInvocations(
  database: DatabaseSync,
  filter: TraceFilter,
): readonly StoredInvocation[] {
  const conditions = toConditions(filter);
  const { limit } = filter;
  const select = (index: string | undefined, more: readonly Condition[] = []) =>
    selectInvocations(database, { index, conditions: [...more, ...conditions], limit });
  if (filter.requestId !== undefined) return select("invocationsByRequest");
  const index = placeIndex(filter);
  if (index === undefined) return select(undefined);
  // Each place has its own newest; of all these the newest are wanted.
  const found = findPlaces(database, filter)
    .flatMap((place) => select(index, [{ sql: "place = ?", values: [place] }]));
  return found.toSorted((a, b) => compareIds(b.traceId, a.traceId)).slice(0, limit);
}

/** The index by place that fits; undefined where the order of time alone does. */
function placeIndex({ state, slowMs, task, deployment }: TraceFilter): string | undefined {
  if (state !== undefined && state !== "COMPLETED") return "invocationsNotCompleted";
  if (slowMs !== undefined && slowMs * 1_000 >= slowFromUs) return "invocationsSlow";
  return task !== undefined || deployment !== undefined ? "invocationsByPlace" : undefined;
}

function toConditions({ requestId, state, sinceMs, slowMs }: TraceFilter): readonly Condition[] {
  const conditions: Condition[] = [];
  const add = (sql: string, ...values: Value[]) => void conditions.push({ sql, values });
  if (requestId !== undefined) add("requestId = ?", toStoredId(requestId));
  if (state !== undefined) add("state = ?", storedStates.indexOf(state));
  // An index of some rows serves only those who ask in its own words.
  if (state !== undefined && state !== "COMPLETED") add("state <> 0");
  if (slowMs !== undefined) {
    add("durationUs >= ?", slowMs * 1_000);
    if (slowMs * 1_000 >= slowFromUs) add(`durationUs >= ${slowFromUs}`);
  }
  if (sinceMs !== undefined) {
    // IDs begin with the time: the rest of the table is not looked at.
    const first = firstIdDigits(sinceMs - longestWaitMs).padEnd(32, "0");
    add("traceId >= ?", Buffer.from(first, "hex"));
    add("facts ->> 1 >= ?", sinceMs);
  }
  return conditions;
}

interface Selection {
  readonly index: string | undefined;
  readonly conditions: readonly Condition[];
  readonly limit: number;
}

function selectInvocations(
  database: DatabaseSync,
  { index, conditions, limit }: Selection,
): StoredInvocation[] {
  const where = conditions.map(({ sql }) => sql).join(" AND ") || "1";
  const by = index === undefined ? "NOT INDEXED" : `INDEXED BY ${index}`;
  const sql = `SELECT traceId, requestId, place, state, durationUs, facts FROM invocations ${by} ` +
    `WHERE ${where} ORDER BY traceId DESC LIMIT ?`;
  const rows = database.prepare(sql).all(...conditions.flatMap(({ values }) => values), limit);
  return rows.map(toStored);
}

/** The numbers of the places that a filter lets through. */
function findPlaces(database: DatabaseSync, { task, deployment }: TraceFilter): readonly number[] {
  const sql = "SELECT id FROM places WHERE (?1 IS NULL OR task = ?1) " +
    "AND (?2 IS NULL OR deployment = ?2)";
  return database.prepare(sql).all(task ?? null, deployment ?? null).map(({ id }) => Number(id));
}

/** Lists the invocations of a request in the order of their attempts. */
export function invocationsOf(
  database: DatabaseSync,
  requestId: Uint8Array | string,
): readonly StoredInvocation[] {
  const sql = "SELECT traceId, requestId, place, state, durationUs, facts FROM invocations " +
    "INDEXED BY invocationsByRequest WHERE requestId = ? ORDER BY traceId";
  return database.prepare(sql).all(requestId).map(toStored);
}

/** Finds the request of an invocation. */
export function requestOf(database: DatabaseSync, traceId: string) {
  if (!idPattern.test(traceId)) return undefined;
  const sql = "SELECT requestId FROM invocations WHERE traceId = ?";
  const row = database.prepare(sql).get(toStoredId(traceId));
  return row && toId(row["requestId"]);
}

function toStored(row: Record<string, unknown>): StoredInvocation {
  const { traceId, requestId, place, state, durationUs, facts } = row;
  return {
    traceId: toId(traceId),
    requestId: toId(requestId),
    place: Number(place),
    state: Number(state),
    durationUs: typeof durationUs === "number" ? durationUs : null,
    facts: String(facts),
  };
}

function toId(value: unknown): Uint8Array | string {
  return value instanceof Uint8Array ? value : String(value);
}

function compareIds(a: Uint8Array | string, b: Uint8Array | string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
