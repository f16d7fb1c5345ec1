import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { searchLines } from "./log_search.ts";
import { readInvocationFacts, readRequestFacts, type RequestFacts, toMs } from "./trace_facts.ts";
import { toStoredId } from "./trace_ids.ts";
import type {
  LogFilter,
  LogLineRow,
  RequestDetail,
  TraceDetail,
  TraceFilter,
  TraceReader,
  TraceRow,
} from "./trace_reader.ts";
import { openTraceFileToRead, storedStates, traceFile } from "./trace_schema.ts";
import type { StoredInvocation } from "./stored_invocation.ts";
import { invocationsOf, requestOf, searchInvocations } from "./trace_search.ts";

/** Lines of one invocation, with some to spare: what is over its limit is not stored. */
const maxLinesShown = 2_000;

/**
 * Reads the files of a folder, whether or not a server writes to them. A folder without any is as
 * one in which nothing has happened yet.
 */
export function openTraceReader(folder: string): TraceReader {
  return new TraceFileReader(traceFile(folder));
}

/** Answers from the file; opened with the first question that finds one. */
class TraceFileReader implements TraceReader {
  readonly #file: string;
  #database: DatabaseSync | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  traces(filter: TraceFilter): Promise<readonly TraceRow[]> {
    return this.#read(
      (database) => searchInvocations(database, filter).map((stored) => toRow(database, stored)),
      [],
    );
  }

  find(id: string): Promise<RequestDetail | undefined> {
    return this.#read((database) => findRequest(database, id), undefined);
  }

  logs(filter: LogFilter): Promise<readonly LogLineRow[]> {
    return this.#read((database) => searchLines(database, filter), []);
  }

  close(): Promise<void> {
    this.#database?.close();
    this.#database = undefined;
    return Promise.resolve();
  }

  // deno-lint-ignore require-await -- what is thrown is to reject
  async #read<T>(question: (database: DatabaseSync) => T, nothing: T): Promise<T> {
    if (!this.#database && !existsSync(this.#file)) return nothing;
    this.#database ??= openTraceFileToRead(this.#file);
    return question(this.#database);
  }
}

/** Names of a place. */
interface Names {
  readonly deployment: string;
  readonly release: string;
  readonly task: string;
  readonly method: string;
  readonly path: string;
}

function findRequest(database: DatabaseSync, id: string): RequestDetail | undefined {
  const requestId = requestOf(database, id) ?? id;
  const invocations = invocationsOf(database, requestId);
  const row = database.prepare("SELECT facts FROM requests WHERE requestId = ?").get(
    toStoredId(requestId),
  );
  const [first] = invocations;
  if (!row && !first) return undefined;
  const own = row ? readRequestRow(String(row["facts"])) : undefined;
  const names = own?.names ?? (first && namesOf(database, first.place));
  const told = own?.facts ?? findToldFacts(invocations);
  return {
    requestId,
    deployment: names?.deployment,
    release: names?.release,
    task: names?.task,
    method: names?.method ?? "",
    path: names?.path ?? "",
    ...toTold(told, first),
    invocations: invocations.map((stored) => toDetail(database, stored))
      .toSorted((a, b) => a.attempt - b.attempt),
  };
}

function toTold(told: RequestFacts | undefined, first: StoredInvocation | undefined) {
  const { client, status, answer, traceId, reason, durationMs, requestBytes } = told ?? {};
  const startedAt = told?.startedAt ?? (first ? readInvocationFacts(first.facts).startedAt : 0);
  const { responseBytes, replayOf, captured } = told ?? {};
  return {
    ...{ client, status, answer, traceId, reason, startedAt, durationMs },
    ...{ requestBytes, responseBytes, replayOf, captured },
  };
}

/** What an invocation tells of its request, where that has no row of its own. */
function findToldFacts(invocations: readonly StoredInvocation[]): RequestFacts | undefined {
  for (const { traceId, facts } of invocations) {
    const { request } = readInvocationFacts(facts);
    if (request) return { ...request, traceId };
  }
  return undefined;
}

function readRequestRow(text: string) {
  const value: unknown = JSON.parse(text);
  const [facts, names] = Array.isArray(value) ? value : [];
  const [deployment, release, task, method, path] = Array.isArray(names) ? names : [];
  return {
    facts: readRequestFacts(facts),
    names: {
      deployment: textOf(deployment),
      release: textOf(release),
      task: textOf(task),
      method: String(method),
      path: String(path),
    },
  };
}

function toRow(database: DatabaseSync, stored: StoredInvocation): TraceRow {
  const { attempt, status, delivered, startedAt, reason } = readInvocationFacts(stored.facts);
  return {
    traceId: stored.traceId,
    requestId: stored.requestId,
    attempt,
    ...namesOf(database, stored.place),
    state: storedStates[stored.state] ?? "INTERRUPTED",
    reason,
    status,
    delivered,
    startedAt,
    durationMs: toMs(stored.durationUs),
  };
}

function toDetail(database: DatabaseSync, stored: StoredInvocation): TraceDetail {
  const { request: _, ...facts } = readInvocationFacts(stored.facts);
  const row = toRow(database, stored);
  const omitted = database.prepare("SELECT lines FROM omitted WHERE traceId = ?")
    .get(toStoredId(stored.traceId));
  const all = { deployment: undefined, task: undefined, level: undefined, sinceMs: undefined };
  return {
    ...facts,
    ...row,
    omittedLines: Number(omitted?.["lines"] ?? 0),
    lines: searchLines(database, {
      ...{ ...all, traceId: row.traceId, afterSequence: 0, limit: maxLinesShown },
    }),
  };
}

function namesOf(database: DatabaseSync, place: number): Names {
  const row = database.prepare(
    "SELECT deployment, release, task, method, path FROM places WHERE id = ?",
  ).get(place);
  const { deployment = "", release = "", task = "", method = "", path = "" } = row ?? {};
  return {
    deployment: String(deployment),
    release: String(release),
    task: String(task),
    method: String(method),
    path: String(path),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
