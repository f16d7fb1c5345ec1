import {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type LogLevel,
  type LogRecord,
} from "@logtape/logtape";
import type { Log, LogFields } from "../base/log.ts";
import type { Platform } from "../platform/platform.ts";
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
    ? getJsonLinesFormatter({ properties: "flatten" })
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

interface TextParts {
  readonly timestamp: string | null;
  readonly level: string;
  readonly message: string;
  readonly record: { readonly properties: LogFields };
}

function toLine({ timestamp, level, message, record }: TextParts): string {
  const fields = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${toValue(value)}`);
  return printable(`${timestamp} ${level} ${message}${fields.join("")}`);
}

/** Texts of several lines follow below, so that a stack can be read. */
function toValue(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  if (value.includes("\n")) return `\n  ${value.trimEnd().replaceAll("\n", "\n  ")}\n `;
  return /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
}
