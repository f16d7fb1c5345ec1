import type { LogFilter, TraceReader } from "../../store/trace_reader.ts";

const mostLines = 1_000;

/** Follows a log: first its newest lines, then each that comes. */
export class FollowedLines {
  readonly #filter: LogFilter;
  #afterSequence: number | undefined;

  constructor(filter: LogFilter) {
    this.#filter = filter;
  }

  /** Reads the next lines, and says whether there may be more at once. */
  async next(reader: Pick<TraceReader, "logs">) {
    const isFirst = this.#afterSequence === undefined;
    const next = { ...this.#filter, afterSequence: this.#afterSequence, limit: mostLines };
    const lines = await reader.logs(isFirst ? this.#filter : next);
    // Nothing at all matched: whatever does from here on is new.
    this.#afterSequence = lines.at(-1)?.sequence ?? this.#afterSequence ?? 0;
    return { lines, hasMore: !isFirst && lines.length === mostLines };
  }
}
