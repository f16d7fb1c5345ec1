import { toJson } from "../../admin/trace_wire.ts";
import { printable, printableLine } from "../../store/printable.ts";
import type { LogLineRow } from "../../store/trace_reader.ts";
import type { Style } from "./style.ts";

const levelWidth = 5;

/** Shows a line of the log for people; a text of several lines keeps its lines. */
export function toLogLines(line: LogLineRow, style: Style): readonly string[] {
  const { time, deployment, task, traceId, text } = line;
  const owner = task === undefined ? deployment : `${deployment}/${task}`;
  const trace = traceId === undefined ? "" : ` trace=${traceId}`;
  const head = `${new Date(time).toISOString()} ${showLevel(line, style)} ` +
    style.dim(printableLine(`${owner}${trace}`));
  return printable(text).split("\n").map((part) => `${head} | ${part}`);
}

/** Shows the level of a line, or where raw output came from. */
export function showLevel({ level, stream }: LogLineRow, style: Style): string {
  return style.level(level, (stream === "console" ? level : stream).padEnd(levelWidth));
}

/** Shows a line of the log as one JSON object, whose names are stable. */
export function toLogJson(line: LogLineRow): string {
  const { sequence, time, level, stream, deployment, task, requestId, traceId, text } = line;
  return toJson({
    time: new Date(time).toISOString(),
    ...{ sequence, level, stream, deployment, task, requestId, traceId, text },
  });
}
