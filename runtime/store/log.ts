import {
  configureSync,
  getLogger,
  getTextFormatter,
  type LogLevel,
  type LogRecord,
} from "@logtape/logtape";
import type { Log, LogFields } from "../base/log.ts";
import type { Platform } from "../platform/platform.ts";
import { toJsonLine } from "./json_line.ts";
import { printable } from "./printable.ts";

const rootCategory = "webtaskd";

/** How log lines look and which are left out. */
export interface LogOptions {
  readonly format: "text" | "json";
  readonly level: "debug" | "info" | "warn" | "error";
}

/** Sets up the process's one log, which writes to standard error. */
export function createLog(platform: Platform, { format, level }: LogOptions): Log {
  const toText = format === "json"
    ? toJson
    : getTextFormatter({ timestamp: "rfc3339", level: "ABBR", format: toLine });
  const sink = (record: LogRecord) => platform.writeOut("stderr", toText(record));
  const lowestLevel: LogLevel = level === "warn" ? "warning" : level;
  configureSync({
    reset: true,
    sinks: { stderr: sink },
    loggers: [
      { category: [rootCategory], lowestLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
  const logger = getLogger([rootCategory]);
  return {
    debug: (event, fields) => logger.debug(event, { ...fields }),
    info: (event, fields) => logger.info(event, { ...fields }),
    warn: (event, fields) => logger.warn(event, { ...fields }),
    error: (event, fields) => logger.error(event, { ...fields }),
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
