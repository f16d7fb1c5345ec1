import { compareLogLevel, getTextFormatter, type LogLevel, type LogRecord } from "@logtape/logtape";
import type { Log, LogFields } from "../base/log.ts";
import { toJsonLine } from "./json_line.ts";
import type { LogOutput } from "./log_writer.ts";
import { printable } from "./printable.ts";

const rootCategory = "webtaskd";

/** How log lines look and which are left out. */
export interface LogOptions {
  readonly format: "text" | "json";
  readonly level: "debug" | "info" | "warn" | "error";
}

/**
 * Makes a log that writes to `output`. The library's own set-up is the process's one and belongs to
 * the program that may embed the server: only the look of a line comes from there.
 */
export function createLog(output: LogOutput, { format, level }: LogOptions): Log {
  const toText = format === "json"
    ? toJson
    : getTextFormatter({ timestamp: "rfc3339", level: "ABBR", format: toLine });
  const lowest: LogLevel = level === "warn" ? "warning" : level;
  const writeAt = (level: LogLevel) => {
    if (compareLogLevel(level, lowest) < 0) return () => {};
    return (event: string, fields?: LogFields) =>
      output.write(toText(toRecord(level, { event, fields })));
  };
  return {
    debug: writeAt("debug"),
    info: writeAt("info"),
    warn: writeAt("warning"),
    error: writeAt("error"),
  };
}

function toRecord(
  level: LogLevel,
  { event, fields }: { readonly event: string; readonly fields: LogFields | undefined },
): LogRecord {
  return {
    ...{ category: [rootCategory], level, message: [event], rawMessage: event },
    timestamp: Date.now(),
    properties: { ...fields },
  };
}

function toJson({ timestamp, level, message, properties }: LogRecord): string {
  const event = message.join("");
  return toJsonLine({ timeMs: timestamp, level: levels[level], event }, properties);
}

const levels = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warning: "warn",
  error: "error",
  fatal: "error",
} as const;

interface TextParts {
  readonly timestamp: string | null;
  readonly level: string;
  readonly message: string;
  readonly record: { readonly properties: LogFields };
}

/** Texts of several lines follow below, so that a stack can be read. */
function toLine({ timestamp, level, message, record }: TextParts): string {
  const fields = Object.entries(withoutEcho(record.properties))
    .filter(([, value]) => value !== undefined);
  const short = fields.filter(([, value]) => !isLong(value))
    .map(([name, value]) => ` ${name}=${toValue(value)}`);
  const long = fields.filter(([, value]) => isLong(value))
    .map(([name, value]) => ` ${name}=${toBlock(value)}`);
  return printable(`${timestamp} ${level} ${message}${short.join("")}${long.join("\n")}`);
}

/** A stack begins with its error's message, which the reason has said. */
function withoutEcho(fields: LogFields): LogFields {
  const { reason, stack } = fields;
  if (typeof reason !== "string" || typeof stack !== "string") return fields;
  const [first = "", ...rest] = stack.split("\n");
  if (!reason.endsWith(first)) return fields;
  // Of a single frame, too, the line stays a block of its own.
  return { ...fields, stack: rest.length === 0 ? undefined : `\n${rest.join("\n")}` };
}

function isLong(value: unknown): value is string {
  return typeof value === "string" && value.includes("\n");
}

function toBlock(text: unknown): string {
  return String(text).trimEnd().replace(/^\n?/, "\n").replaceAll("\n", "\n  ");
}

function toValue(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
}
