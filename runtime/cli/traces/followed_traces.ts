import type { InvocationState } from "../../protocol/records.ts";
import type { TraceFilter, TraceReader, TraceRow } from "../../store/trace_reader.ts";

/** Rows are stored a moment after they began: so far back they are looked for again. */
const overlapMs = 10_000;
/** The most rows of one look. */
const mostRows = 2_000;

/** What is new since the last look. */
export interface News {
  /** Oldest first. */
  readonly rows: readonly TraceRow[];
  /** There were more than one look takes. */
  readonly isIncomplete: boolean;
}

/**
 * Follows invocations: each is told once when it is first seen, and again when it has ended, if it
 * was running. Looks at all states, as what matches only in the end may have begun long before.
 */
export class FollowedTraces {
  readonly #filter: TraceFilter;
  readonly #seen = new Map<
    string,
    { readonly state: InvocationState; readonly startedAt: number }
  >();
  #sinceMs: number | undefined;

  constructor(filter: TraceFilter) {
    this.#filter = filter;
  }

  /** Looks for what is new; the first look gives the newest rows there are. */
  async next(reader: Pick<TraceReader, "traces" | "find">): Promise<News> {
    const sinceMs = this.#sinceMs;
    if (sinceMs === undefined) return await this.#begin(reader);
    const recent = await this.#look(reader, sinceMs);
    const running = await reader.traces({ ...this.#open, state: "RUNNING", limit: mostRows });
    const known = new Set(recent.map(({ traceId }) => traceId));
    const others = running.filter(({ traceId }) => !known.has(traceId));
    const ended = await this.#findEnded(reader, [...recent, ...others]);
    // One may have begun since `recent` was read; those that began before are no news.
    const begun = others.filter(({ startedAt }) => startedAt >= sinceMs);
    const rows = inOrder([...recent, ...begun, ...ended].filter((row) => this.#isNews(row)));
    this.#note([...recent, ...others, ...ended]);
    this.#moveOn(recent);
    return { rows, isIncomplete: recent.length === mostRows };
  }

  async #begin(reader: Pick<TraceReader, "traces">): Promise<News> {
    // What nobody asked to see of the past must not come up as news later. What is stored from here on
    // is among the rows, or is news.
    const past = await this.#look(reader, this.#filter.sinceMs);
    const rows = inOrder(await reader.traces(this.#filter));
    this.#note([...past, ...rows]);
    this.#moveOn(rows);
    return { rows, isIncomplete: false };
  }

  #look(
    reader: Pick<TraceReader, "traces">,
    sinceMs: number | undefined,
  ): Promise<readonly TraceRow[]> {
    return reader.traces({ ...this.#open, sinceMs, limit: mostRows });
  }

  /** What a row has to match from its start on. */
  get #open(): TraceFilter {
    return { ...this.#filter, state: undefined, slowMs: undefined };
  }

  /** Those that ran at the last look, and began too long ago to be among the recent ones. */
  async #findEnded(
    reader: Pick<TraceReader, "find">,
    present: readonly TraceRow[],
  ): Promise<readonly TraceRow[]> {
    const ids = new Set(present.map(({ traceId }) => traceId));
    const left = [...this.#seen].filter(([id, { state }]) => state === "RUNNING" && !ids.has(id))
      .map(([traceId]) => traceId);
    const found = await Promise.all(left.map((traceId) => reader.find(traceId)));
    const ended = found.flatMap((request) => request?.invocations ?? [])
      .filter(({ traceId }) => left.includes(traceId));
    // What is kept no longer has no end to tell of.
    for (const traceId of left) this.#seen.delete(traceId);
    return ended;
  }

  #isNews(row: TraceRow): boolean {
    const { state, slowMs = 0 } = this.#filter;
    if (this.#seen.get(row.traceId)?.state === row.state) return false;
    return (state ?? row.state) === row.state && (slowMs === 0 || (row.durationMs ?? 0) >= slowMs);
  }

  #note(rows: readonly TraceRow[]): void {
    for (const { traceId, state, startedAt } of rows) this.#seen.set(traceId, { state, startedAt });
  }

  #moveOn(recent: readonly TraceRow[]): void {
    const newestMs = Math.max(0, ...recent.map(({ startedAt }) => startedAt));
    const sinceMs = Math.max(newestMs - overlapMs, this.#sinceMs ?? 0, this.#filter.sinceMs ?? 0);
    this.#sinceMs = sinceMs;
    for (const [traceId, { state, startedAt }] of this.#seen) {
      if (startedAt < sinceMs && state !== "RUNNING") this.#seen.delete(traceId);
    }
  }
}

function inOrder(rows: readonly TraceRow[]): readonly TraceRow[] {
  return rows.toSorted((one, other) => one.startedAt - other.startedAt);
}
