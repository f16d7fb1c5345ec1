import type { DatabaseSync } from "node:sqlite";
import { firstIdDigits, idPattern } from "../base/ids.ts";
import { addPlain, findPlain } from "./chunk_search.ts";
import { newestFirst, type StoredInvocation } from "./stored_invocation.ts";
import { readStoredId, toStoredId } from "./trace_ids.ts";
import type { TraceFilter } from "./trace_reader.ts";
import { slowFromUs, storedStates } from "./trace_schema.ts";

/**
 * An invocation may have waited so long for a process before it counts as started; the usual deadline
 * is shorter. All that is as old is looked at, each time somebody asks for what is new.
 */
const longestWaitMs = 5 * 60 * 1_000;
/** Stands for names that were one too many. */
const noPlace = 0;

type Value = string | number | Uint8Array;

/** A condition of a search, and what is bound in it. */
interface Condition {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** Finds invocations, the newest first, wherever they are stored. */
export function searchInvocations(
  database: DatabaseSync,
  filter: TraceFilter,
): readonly StoredInvocation[] {
  const { task, deployment } = filter;
  const isNamed = task !== undefined || deployment !== undefined;
  const places = isNamed ? findPlaces(database, filter) : undefined;
  return addPlain(database, { ...filter, places }, searchRows(database, { ...filter, places }));
}

type RowFilter = TraceFilter & { readonly places: readonly number[] | undefined };

/** Finds rows, by the index that leaves the least to look at. */
function searchRows(database: DatabaseSync, filter: RowFilter): readonly StoredInvocation[] {
  const { limit, requestId } = filter;
  const conditions = toConditions(filter);
  if (requestId !== undefined) {
    return selectInvocations(database, { index: "invocationsByRequest", conditions, limit });
  }
  const index = placeIndex(filter);
  if (index === undefined) return selectInvocations(database, { index, conditions, limit });
  // Each place has its own newest; of all these the newest are wanted.
  const places = filter.places ?? [noPlace, ...findPlaces(database, filter)];
  return places.flatMap((place) => {
    const here = { sql: "place = ?", values: [place] };
    return selectInvocations(database, { index, conditions: [here, ...conditions], limit });
  }).sort(newestFirst).slice(0, limit);
}

/** The index by place that fits; undefined where the order of time alone does. */
function placeIndex({ state, slowMs, places }: RowFilter): string | undefined {
  if (state !== undefined && state !== "COMPLETED") return "invocationsNotCompleted";
  if (slowMs !== undefined && slowMs * 1_000 >= slowFromUs) return "invocationsSlow";
  return places && "invocationsByPlace";
}

function toConditions(filter: RowFilter): readonly Condition[] {
  const { requestId, state, sinceMs, slowMs, places } = filter;
  const conditions: Condition[] = [];
  const add = (sql: string, ...values: Value[]) => void conditions.push({ sql, values });
  if (requestId !== undefined) {
    add("requestId = ?", toStoredId(requestId));
    if (places) add("place IN (SELECT value FROM json_each(?))", JSON.stringify(places));
  }
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

/** Lists the invocations of a request, the oldest first. */
export function invocationsOf(
  database: DatabaseSync,
  requestId: string,
): readonly StoredInvocation[] {
  const sql = "SELECT traceId, requestId, place, state, durationUs, facts FROM invocations " +
    "INDEXED BY invocationsByRequest WHERE requestId = ?";
  const rows = database.prepare(sql).all(toStoredId(requestId)).map(toStored);
  const plain = findPlain(database, requestId).filter((one) => one.requestId === requestId);
  return [...rows, ...plain].sort(newestFirst).reverse();
}

/** Finds the request of an invocation. */
export function requestOf(database: DatabaseSync, traceId: string): string | undefined {
  if (!idPattern.test(traceId)) return undefined;
  const sql = "SELECT requestId FROM invocations WHERE traceId = ?";
  const row = database.prepare(sql).get(toStoredId(traceId));
  if (row) return readStoredId(row["requestId"]);
  return findPlain(database, traceId).find((one) => one.traceId === traceId)?.requestId;
}

function toStored(row: Record<string, unknown>): StoredInvocation {
  const { traceId, requestId, place, state, durationUs, facts } = row;
  return {
    traceId: readStoredId(traceId),
    requestId: readStoredId(requestId),
    place: Number(place),
    state: Number(state),
    durationUs: typeof durationUs === "number" ? durationUs : null,
    facts: String(facts),
  };
}
