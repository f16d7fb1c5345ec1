import * as v from "valibot";
import { RuntimeError } from "../base/errors.ts";
import { invocationStates } from "../protocol/records.ts";
import type { ReplayResult } from "../protocol/replay_result.ts";
import type { LogLineRow, RequestDetail, TraceRow } from "../store/trace_reader.ts";

/** Writes a value as JSON in which what is absent is `null`, so that every name is always there. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => member === undefined ? null : member);
}

/** What the listed members of a row are in JSON, in the order of the documentation. */
export function toTraceFields(row: TraceRow) {
  const { traceId, requestId, attempt, deployment, release, task, method, path } = row;
  const { state, reason = null, status = null, delivered, startedAt, durationMs = null } = row;
  // Written out: lists are long, and a function called for each member would cost six times as much.
  return {
    ...{ traceId, requestId, attempt, deployment, release, task, method, path },
    ...{ state, reason, status, delivered, startedAt, durationMs },
  };
}

/** What the members of a log line are in JSON. */
export function toLogFields(line: LogLineRow) {
  const { sequence, traceId = null, requestId = null, deployment, task = null } = line;
  const { time, level, stream, text } = line;
  return { sequence, traceId, requestId, deployment, task, time, level, stream, text };
}

/** Reads rows that a server sent. */
export function parseTraceRows(json: unknown): readonly TraceRow[] {
  return parse(v.array(v.object(traceEntries)), json);
}

/** Reads log lines that a server sent. */
export function parseLogLines(json: unknown): readonly LogLineRow[] {
  return parse(v.array(lineSchema), json);
}

/** Reads a request that a server sent. */
export function parseRequestDetail(json: unknown): RequestDetail {
  return parse(requestSchema, json);
}

/** Reads what a server says of a replay. */
export function parseReplayResult(json: unknown): ReplayResult {
  return parse(replaySchema, json);
}

/** Reads why a server turned a question down. */
export function parseComplaint(json: unknown): string | undefined {
  const result = v.safeParse(v.object({ message: v.string() }), json);
  return result.success ? result.output.message : undefined;
}

function parse<const S extends v.GenericSchema>(schema: S, json: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const place = v.getDotPath(issue) ?? "its JSON";
  throw new RuntimeError(
    "admin_failed",
    `Cannot understand the server at "${place}": ${issue.message}: ` +
      "use the same version of webtaskd for both",
  );
}

function absent<const S extends v.GenericSchema>(schema: S) {
  // What comes from another process lacks it altogether.
  const given = v.optional(v.nullable(schema), null);
  return v.pipe(given, v.transform((value) => value === null ? undefined : value));
}

const number = v.number();
const string = v.string();
const maybeNumber = absent(number);
const maybeString = absent(string);

const lineSchema = v.object({
  sequence: number,
  traceId: maybeString,
  requestId: maybeString,
  deployment: string,
  task: maybeString,
  time: number,
  level: v.picklist(["debug", "info", "warn", "error"]),
  stream: v.picklist(["console", "stdout", "stderr"]),
  text: string,
});

const traceEntries = {
  traceId: string,
  requestId: string,
  attempt: number,
  deployment: string,
  release: string,
  task: string,
  method: string,
  path: string,
  state: v.picklist(invocationStates),
  reason: maybeString,
  status: maybeNumber,
  delivered: v.boolean(),
  startedAt: number,
  durationMs: maybeNumber,
};

const detailSchema = v.object({
  ...traceEntries,
  pid: number,
  code: maybeString,
  stack: maybeString,
  queuedMs: maybeNumber,
  authenticateMs: maybeNumber,
  handlerMs: maybeNumber,
  cpuMs: maybeNumber,
  peakRssBytes: maybeNumber,
  omittedLines: number,
  lines: v.array(lineSchema),
});

const capturedSchema = v.object({
  headers: v.array(v.tuple([string, string])),
  query: string,
  contentType: maybeString,
  body: maybeString,
  redacted: v.array(string),
});

const requestSchema = v.object({
  requestId: string,
  deployment: maybeString,
  release: maybeString,
  task: maybeString,
  method: string,
  path: string,
  client: maybeString,
  status: maybeNumber,
  answer: absent(v.picklist(["delivered", "timed-out", "client-left", "refused"])),
  traceId: maybeString,
  reason: maybeString,
  startedAt: number,
  durationMs: maybeNumber,
  requestBytes: maybeNumber,
  responseBytes: maybeNumber,
  replayOf: maybeString,
  captured: absent(capturedSchema),
  invocations: v.array(detailSchema),
});

const replaySchema = v.object({
  requestId: string,
  replayOf: string,
  traceId: maybeString,
  status: number,
  contentType: maybeString,
  body: string,
  redacted: v.array(string),
});
