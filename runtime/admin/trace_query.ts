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
  const schema = v.strictObject({
    deployment: text,
    task: text,
    state: v.optional(v.pipe(
      v.string(),
      v.toUpperCase(),
      v.picklist(invocationStates, `give one of ${invocationStates.join(", ")}`),
    )),
    request: text,
    since: v.optional(by((word) => parseMoment(word, nowMs))),
    slow: v.optional(by(parseDuration)),
    limit: v.optional(by(parseCount), String(usualTraces)),
  });
  return read(schema, words, (given) => ({
    deployment: given.deployment,
    task: given.task,
    state: given.state,
    requestId: given.request,
    sinceMs: given.since,
    slowMs: given.slow,
    limit: given.limit,
  }));
}

/** Reads which lines of the log to show. */
export function parseLogQuery(words: QueryWords, nowMs: number): ParsedQuery<LogFilter> {
  const schema = v.strictObject({
    deployment: text,
    task: text,
    trace: v.optional(v.pipe(
      v.string(),
      v.regex(tracePattern, "give a trace ID, 32 digits and letters from a to f"),
    )),
    level: v.optional(v.picklist(levels, `give one of ${levels.join(", ")}`)),
    since: v.optional(by((word) => parseMoment(word, nowMs))),
    after: v.optional(by(parseSequence)),
    limit: v.optional(by(parseCount), String(usualLines)),
  });
  return read(schema, words, (given) => ({
    deployment: given.deployment,
    task: given.task,
    traceId: given.trace,
    level: given.level,
    sinceMs: given.since,
    afterSequence: given.after,
    limit: given.limit,
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

const text = v.optional(v.pipe(v.string(), v.nonEmpty("give a value")));

function read<const S extends v.GenericSchema & { readonly entries: object }, T>(
  schema: S,
  words: QueryWords,
  toFilter: (given: v.InferOutput<S>) => T,
): ParsedQuery<T> {
  const given = Object.entries(words).filter(([, word]) => word !== undefined);
  const names = Object.keys(schema.entries);
  const unknown = given.find(([name]) => !names.includes(name));
  if (unknown !== undefined) {
    const [name] = unknown;
    const fix = `there is no such filter${didYouMean(name, names)}: use ${names.join(", ")}`;
    return { kind: "bad", name, fix };
  }
  const result = v.safeParse(schema, Object.fromEntries(given));
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
