import type { Clock } from "../base/clock.ts";
import type { Log, LogFields } from "../base/log.ts";
import {
  copyRequest,
  type InvocationRecord,
  type Recorder,
  type RequestRecord,
  type TaskOutput,
} from "../protocol/records.ts";
import { type JsonLine, toJsonLine } from "./json_line.ts";
import { LineBudget } from "./line_budget.ts";
import type { LogOutput } from "./log_writer.ts";
import { printable, printableLine } from "./printable.ts";

/** A full queue turns down thousands of requests a second: the log need not hold each. */
const maxUnservedPerSecond = 10;

/** What a reporter writes to and how much. */
export interface ReporterOptions {
  readonly output: LogOutput;
  readonly log: Log;
  readonly clock: Clock;
  readonly format: "text" | "json";
  /** A line for each request; as JSON, for each invocation, too. Else, for what went wrong. */
  readonly showRequests: boolean;
}

/** Reports records as they come: for people, or a JSON object a line. */
export function createReporter(options: ReporterOptions): Recorder {
  return options.format === "json" ? createJsonReporter(options) : createTextReporter(options);
}

function createJsonReporter({ output, log, clock, showRequests }: ReporterOptions): Recorder {
  const budget = new LineBudget(maxUnservedPerSecond, clock);
  const write = (level: JsonLine["level"], event: string, fields: LogFields) =>
    output.write(toJsonLine({ timeMs: clock.wallMs(), level, event }, fields));
  return {
    invocationRunning() {},
    invocationReturned() {},
    invocationOverdue: (overdue) => log.warn("invocation.overdue", { ...overdue }),
    invocationEnded(record) {
      const isFine = record.state === "COMPLETED";
      if (!showRequests && (isFine || record.code === "invalid_json")) return;
      write(isFine ? "info" : "warn", "invocation", { ...record });
    },
    requestEnded(record) {
      const isFine = !isUnserved(record);
      // Nearly all end here: copying their fields would cost more than all else of them.
      if (isFine && !showRequests) return;
      const omitted = showRequests ? 0 : budget.take();
      if (omitted === undefined) return;
      // What was captured is for the store alone.
      const { captured: _, ...fields } = copyRequest(record);
      write(isFine ? "info" : "warn", "request", { ...fields, ...(omitted > 0 && { omitted }) });
    },
    output({ calls, level, ...printed }) {
      const [call] = calls;
      const owner = calls.length === 1 && call ? idsOf(call) : { running: calls.map(idsOf) };
      write(level, "output", { ...printed, ...owner });
    },
  };
}

/** Nothing was wrong with the request: the server, or the task, was too slow for it. */
function isUnserved({ status, answer }: Pick<RequestRecord, "status" | "answer">): boolean {
  return answer === "timed-out" || (answer === "refused" && status === 503);
}

function idsOf({ traceId, requestId, task }: TaskOutput["calls"][number]) {
  return { traceId, requestId, task };
}

function createTextReporter({ output, log, clock, showRequests }: ReporterOptions): Recorder {
  const budget = new LineBudget(maxUnservedPerSecond, clock);
  return {
    invocationRunning() {},
    invocationReturned() {},
    invocationOverdue({ requestId: _, traceId, ...overdue }) {
      log.warn("invocation.overdue", { ...overdue, trace: traceId });
    },
    invocationEnded(record) {
      if (record.state === "COMPLETED") return;
      // A client's mistake, and no place in the task: worth a line to whoever asks for all of them.
      if (record.code === "invalid_json") log.debug("invocation.ended", toFields(record));
      else log.warn("invocation.ended", { ...toFields(record), stack: record.stack });
    },
    requestEnded(record) {
      if (showRequests) output.write(toRequestLine(record));
      const omitted = !showRequests && isUnserved(record) ? budget.take() : undefined;
      if (omitted === undefined) return;
      const fields = toUnservedFields(record);
      log.warn("request.unserved", { ...fields, ...(omitted > 0 && { omitted }) });
    },
    output: (printed) => output.write(toOutputLines(printed)),
  };
}

function toFields(record: InvocationRecord) {
  const { state, task, deployment, attempt, traceId, delivered, reason } = record;
  return { state, task, deployment, attempt, delivered, trace: traceId, reason };
}

function toUnservedFields(record: RequestRecord) {
  const { method, path, status, task, deployment, requestId, traceId, durationMs, reason } = record;
  const ids = { request: requestId, trace: traceId };
  return { status, method, path, task, deployment, durationMs, ...ids, reason };
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
