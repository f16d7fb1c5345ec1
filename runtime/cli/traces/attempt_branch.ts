import { countOf } from "../../base/count_of.ts";
import { printable, printableLine } from "../../store/printable.ts";
import type { LogLineRow, TraceDetail } from "../../store/trace_reader.ts";
import { showDuration } from "./durations.ts";
import { showLevel } from "./log_lines.ts";
import type { Style } from "./style.ts";
import { type Axis, drawBar, type Span } from "./time_bar.ts";

const offsetWidth = 9;
const bytesPerMebibyte = 2 ** 20;

/** How an attempt is shown. */
export interface BranchOptions {
  readonly style: Style;
  readonly axis: Axis;
}

/** Shows an attempt: what it came to, its bar and times, then its error and its output in order. */
export function toBranch(trace: TraceDetail, options: BranchOptions): readonly string[] {
  const { style, axis } = options;
  const { attempt, state, status, delivered, traceId, reason, stack } = trace;
  const outcome = status === undefined ? state : `${state} ${status}`;
  const isSeen = state === "RUNNING" ? "" : delivered ? ", delivered" : ", not delivered";
  return [
    `attempt ${attempt}  ${style.state(state, outcome)}${isSeen}  ` +
    style.dim(`trace ${printableLine(traceId)}`),
    style.state(state, drawBar(toSpan(trace), axis).trimEnd()),
    style.dim(toTimes(trace, axis.fromMs)),
    ...(reason === undefined ? [] : [printableLine(reason)]),
    ...toStack(reason, stack).map((line) => `  ${line}`),
    ...trace.lines.flatMap((line) => toLogPart(line, options)),
    ...(trace.omittedLines > 0 ? [`… ${countOf(trace.omittedLines, "more line")}, not kept`] : []),
  ];
}

function toSpan({ startedAt, durationMs, queuedMs = 0 }: TraceDetail): Span {
  const endMs = durationMs === undefined ? undefined : startedAt + durationMs;
  return { queuedMs: startedAt - queuedMs, startMs: startedAt, endMs };
}

function toTimes(trace: TraceDetail, fromMs: number): string {
  const { startedAt, durationMs, queuedMs, authenticateMs, handlerMs, cpuMs, pid } = trace;
  const offsetMs = Math.max(0, startedAt - fromMs);
  const end = durationMs === undefined ? "?" : showDuration(offsetMs + durationMs);
  const parts = [
    named("queued", queuedMs),
    named("authenticate", authenticateMs),
    named("handler", handlerMs),
    named("cpu", cpuMs),
    showMemory(trace.peakRssBytes),
  ].filter((part) => part !== undefined);
  return [`${showDuration(offsetMs)} to ${end}`, ...parts, `process ${pid}`].join("  ");
}

function named(name: string, durationMs: number | undefined): string | undefined {
  return durationMs === undefined ? undefined : `${name} ${showDuration(durationMs)}`;
}

function showMemory(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : `memory ${Math.round(bytes / bytesPerMebibyte)} MiB`;
}

/** A stack begins with its error's message, which the reason has said. */
function toStack(reason: string | undefined, stack: string | undefined): readonly string[] {
  if (stack === undefined) return [];
  const [first = "", ...rest] = printable(stack).split("\n");
  return reason?.endsWith(first) ? rest : [first, ...rest];
}

function toLogPart(
  line: LogLineRow,
  { style, axis }: BranchOptions,
): readonly string[] {
  const offset = `+${showDuration(Math.max(0, line.time - axis.fromMs))}`.padStart(offsetWidth);
  return printable(line.text).split("\n")
    .map((part) => `${style.dim(offset)} ${showLevel(line, style)} ${part}`);
}
