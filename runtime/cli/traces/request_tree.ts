import type { RequestDetail } from "../../store/trace_reader.ts";
import { toBranch } from "./attempt_branch.ts";
import { showDuration } from "./durations.ts";
import { toHead } from "./request_head.ts";
import type { Style } from "./style.ts";
import { type Axis, drawAxis, drawBar } from "./time_bar.ts";

const indent = 3;
const leastBarWidth = 20;
const mostBarWidth = 100;

/** How a request is shown. */
export interface TreeOptions {
  readonly style: Style;
  /** The width to fill; what is longer than it is not cut. */
  readonly columns: number;
  /** Where bars of what still runs end. */
  readonly nowMs: number;
}

/** Shows a request as a tree of its attempts, each with a bar on one common axis. */
export function toTree(request: RequestDetail, options: TreeOptions): readonly string[] {
  const { style } = options;
  const axis = toAxis(request, options);
  const { startedAt, durationMs, invocations } = request;
  const endMs = durationMs === undefined ? undefined : startedAt + durationMs;
  const span = { queuedMs: startedAt, startMs: startedAt, endMs };
  return [
    ...toHead(request, style),
    "",
    `${" ".repeat(indent)}${style.dim(drawAxis(axis, showDuration))}`,
    `${" ".repeat(indent)}${drawBar(span, axis).trimEnd()} ${toAnswer(request)}`,
    ...invocations.flatMap((trace, at) => {
      const isLast = at === invocations.length - 1;
      const [first = "", ...rest] = toBranch(trace, { style, axis });
      const line = isLast ? "   " : "│  ";
      return [`${isLast ? "└─ " : "├─ "}${first}`, ...rest.map((text) => (line + text).trimEnd())];
    }),
  ];
}

function toAxis({ startedAt, durationMs, invocations }: RequestDetail, options: TreeOptions): Axis {
  const { columns, nowMs } = options;
  const isOpen = durationMs === undefined || invocations.some(({ state }) => state === "RUNNING");
  const ends = [
    startedAt + (durationMs ?? 0),
    ...invocations.map((trace) => trace.startedAt + (trace.durationMs ?? 0)),
    isOpen ? nowMs : startedAt,
  ];
  const room = columns - indent - "answered 200".length - 1;
  const width = Math.min(mostBarWidth, Math.max(leastBarWidth, room));
  return { fromMs: startedAt, toMs: Math.max(startedAt + 1, ...ends), width };
}

function toAnswer({ status, answer }: RequestDetail): string {
  if (status === undefined) return "open";
  return answer === "client-left" ? "client left" : `answered ${status}`;
}
