import type { Log } from "../base/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { InvocationRecord, Recorder, RequestRecord, TaskOutput } from "../protocol/records.ts";
import { printable, printableLine } from "./printable.ts";

/** What a reporter writes to and how much. */
export interface ReporterOptions {
  readonly platform: Platform;
  readonly log: Log;
  readonly format: "text" | "json";
  /** A line for each request, for whoever sits at a terminal. */
  readonly showRequests: boolean;
}

/** Reports records to standard error as they come: for people, or a JSON object a line. */
export function createReporter(options: ReporterOptions): Recorder {
  return options.format === "json" ? createJsonReporter(options) : createTextReporter(options);
}

function createJsonReporter({ platform }: ReporterOptions): Recorder {
  const write = (event: string, record: object) =>
    platform.writeOut("stderr", JSON.stringify({ event, ...record }) + "\n");
  return {
    invocationEnded: (record) => write("invocation", record),
    requestEnded: (record) => write("request", record),
    output({ calls, ...output }) {
      const [call] = calls;
      if (calls.length === 1 && call) write("output", { ...output, ...idsOf(call) });
      else write("output", { ...output, running: calls.map(idsOf) });
    },
  };
}

function idsOf({ traceId, requestId, task }: TaskOutput["calls"][number]) {
  return { traceId, requestId, task };
}

function createTextReporter({ platform, log, showRequests }: ReporterOptions): Recorder {
  return {
    invocationEnded(record) {
      if (record.state !== "COMPLETED") log.warn("invocation.ended", toFields(record));
    },
    requestEnded(record) {
      if (showRequests) platform.writeOut("stderr", toRequestLine(record));
    },
    output: (output) => platform.writeOut("stderr", toOutputLines(output)),
  };
}

function toFields(record: InvocationRecord) {
  const { state, task, deployment, attempt, traceId, delivered, reason, stack } = record;
  return { state, task, deployment, attempt, delivered, trace: traceId, reason, stack };
}

function toRequestLine(record: RequestRecord): string {
  const { method, path, status, deployment = "-", traceId, durationMs, reason } = record;
  const time = new Date(record.startedAt).toISOString();
  const trace = traceId ? ` trace=${traceId}` : "";
  const why = reason ? ` (${reason})` : "";
  const ms = durationMs.toFixed(1);
  const line = `${time} ${method} ${path} ${status} ${ms}ms ${deployment}${trace}${why}`;
  return `${printableLine(line)}\n`;
}

function toOutputLines({ calls, level, text, stream, pid }: TaskOutput): string {
  const [call] = calls;
  const owner = call && calls.length === 1
    ? `${call.task} trace=${call.traceId}`
    : `process ${pid}${calls.map(({ traceId }) => ` trace=${traceId}`).join("")}`;
  const from = stream === "console" ? level : stream;
  return text.split("\n").map((line) => `${owner} ${from} | ${printable(line)}\n`).join("");
}
