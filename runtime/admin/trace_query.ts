import * as v from "valibot";
import { parseMoment } from "../base/moment.ts";
import { didYouMean } from "../base/nearest.ts";
import { bad, good, type Parsed } from "../base/parsed.ts";
import { parseDuration } from "../base/units.ts";
import { invocationStates } from "../protocol/records.ts";
import type { LogFilter, TraceFilter } from "../store/trace_reader.ts";

/** The most rows of one answer. */
export const mostRows = 10_000;
const usualTraces = 50;
const usualLines = 200;
const levels = ["debug", "info", "warn", "error"] as const;
const tracePattern = /^[0-9a-f]{32}$/;

/** What a person asks for, by the names of flags and of query parameters alike. */
export type QueryWords = Readonly<Record<string, string | undefined>>;

/** A filter, or which word of it cannot be used and what to write instead. */
export type ParsedQuery<T> =
  | { readonly kind: "good"; readonly value: T }
  | { readonly kind: "bad"; readonly name: string; readonly fix: string };

/** Reads which invocations to list. */
export function parseTraceQuery(words: QueryWords, nowMs: number): ParsedQuery<TraceFilter> {
  const entries = {
    deployment: text,
    task: text,
    state: v.undefinedable(v.pipe(
      v.string(),
      v.toUpperCase(),
      v.picklist(invocationStates, `give one of ${invocationStates.join(", ")}`),
    )),
    request: text,
    since: momentBefore(nowMs),
    slow: v.undefinedable(by(parseDuration)),
    limit: countOr(usualTraces),
  };
  return read(words, entries, ({ request, since, slow, ...sameNames }) => ({
    ...sameNames,
    ...{ requestId: request, sinceMs: since, slowMs: slow },
  }));
}

/** Reads which lines of the log to show. */
export function parseLogQuery(words: QueryWords, nowMs: number): ParsedQuery<LogFilter> {
  const entries = {
    deployment: text,
    task: text,
    trace: v.undefinedable(v.pipe(
      v.string(),
      v.regex(tracePattern, "give a trace ID, 32 digits and letters from a to f"),
    )),
    level: v.undefinedable(v.picklist(levels, `give one of ${levels.join(", ")}`)),
    since: momentBefore(nowMs),
    after: v.undefinedable(by(parseSequence)),
    limit: countOr(usualLines),
  };
  return read(words, entries, ({ trace, since, after, ...sameNames }) => ({
    ...sameNames,
    ...{ traceId: trace, sinceMs: since, afterSequence: after },
  }));
}

/** The query parameters that `parseTraceQuery` reads as this filter. */
export function toTraceQuery(filter: TraceFilter): QueryWords {
  const { deployment, task, state, requestId, sinceMs, slowMs, limit } = filter;
  return {
    ...{ deployment, task, state, request: requestId, limit: String(limit) },
    since: toTime(sinceMs),
    slow: slowMs === undefined ? undefined : `${slowMs}ms`,
  };
}

/** The query parameters that `parseLogQuery` reads as this filter. */
export function toLogQuery(filter: LogFilter): QueryWords {
  const { deployment, task, traceId, level, sinceMs, afterSequence, limit } = filter;
  return {
    ...{ deployment, task, trace: traceId, level, limit: String(limit) },
    since: toTime(sinceMs),
    after: afterSequence === undefined ? undefined : String(afterSequence),
  };
}

const text = v.undefinedable(v.pipe(v.string(), v.nonEmpty("give a value")));

function momentBefore(nowMs: number) {
  return v.undefinedable(by((word) => parseMoment(word, nowMs)));
}

function countOr(usual: number) {
  return v.undefinedable(by(parseCount), String(usual));
}

function read<const E extends v.ObjectEntries, T>(
  words: QueryWords,
  entries: E,
  toFilter: (given: v.InferOutput<v.ObjectSchema<E, undefined>>) => T,
): ParsedQuery<T> {
  const names = Object.keys(entries);
  const unknown = Object.keys(words)
    .find((name) => words[name] !== undefined && !names.includes(name));
  if (unknown !== undefined) {
    const fix = `there is no such filter${didYouMean(unknown, names)}: use ${names.join(", ")}`;
    return { kind: "bad", name: unknown, fix };
  }
  const given = Object.fromEntries(names.map((name) => [name, words[name]]));
  const result = v.safeParse(v.object(entries), given);
  if (result.success) return { kind: "good", value: toFilter(result.output) };
  const [issue] = result.issues;
  return { kind: "bad", name: String(issue.path?.[0]?.key ?? ""), fix: issue.message };
}

function by<T>(parse: (text: string) => Parsed<T>) {
  return v.pipe(
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const parsed = parse(dataset.value);
      if (parsed.kind === "good") return parsed.value;
      addIssue({ message: parsed.fix });
      return NEVER;
    }),
  );
}

function parseCount(text: string): Parsed<number> {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= mostRows) return good(count);
  return bad(`give a whole number from 1 to ${mostRows}`);
}

function parseSequence(text: string): Parsed<number> {
  return /^\d{1,15}$/.test(text) ? good(Number(text)) : bad("give the number of a line");
}

function toTime(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}
