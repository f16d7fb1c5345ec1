import { toTraceFields } from "../../admin/trace_wire.ts";
import { invocationStates } from "../../protocol/records.ts";
import { printableLine } from "../../store/printable.ts";
import type { TraceRow } from "../../store/trace_reader.ts";
import { showDuration } from "./durations.ts";
import type { Style } from "./style.ts";

const stateWidth = Math.max(...invocationStates.map((state) => state.length));
const statusWidth = 6;
const durationWidth = 9;
const timeWidth = 24;
const idWidth = 32;
/** So that what went wrong can be told at all. */
const leastReasonWidth = 10;

/** What stands above a list of invocations. */
export const traceHeader = [
  "STARTED".padEnd(timeWidth),
  "STATE".padEnd(stateWidth),
  "STATUS".padStart(statusWidth),
  "DURATION".padStart(durationWidth),
  "TRACE".padEnd(idWidth),
  "REQUEST",
].join("  ");

/** How a row is shown. */
export interface RowOptions {
  readonly style: Style;
  /** The most characters of a line; `undefined` cuts nothing. */
  readonly columns: number | undefined;
}

/** Shows an invocation as one line for people. */
export function toTraceLine(row: TraceRow, { style, columns }: RowOptions): string {
  const { startedAt, state, status, durationMs, traceId, method, path, deployment } = row;
  const head = [
    new Date(startedAt).toISOString().padEnd(timeWidth),
    style.state(state, state.padEnd(stateWidth)),
    String(status ?? "-").padStart(statusWidth),
    (durationMs === undefined ? "-" : showDuration(durationMs)).padStart(durationWidth),
    printableLine(traceId).padEnd(idWidth),
  ].join("  ");
  const request = printableLine(`${method} ${path} ${deployment}`);
  const notes = toNotes(row);
  const length = traceHeader.length - "REQUEST".length + request.length + 1;
  const room = columns === undefined ? Infinity : Math.max(leastReasonWidth, columns - length);
  return `${head}  ${request}${notes === "" ? "" : ` ${style.dim(cut(notes, room))}`}`;
}

/** Shows an invocation as one JSON object, whose names are stable. */
export function toTraceJson(row: TraceRow): string {
  return JSON.stringify(toTraceFields(row));
}

function toNotes({ attempt, delivered, state, reason }: TraceRow): string {
  const notes = [
    attempt > 1 ? `attempt ${attempt}` : "",
    delivered || state === "RUNNING" ? "" : "not delivered",
    reason ?? "",
  ].filter((note) => note !== "");
  return notes.length === 0 ? "" : `(${printableLine(notes.join(", "))})`;
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}
