import type { LogFields } from "../base/log.ts";

/** What every line for machines begins with. */
export interface JsonLine {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
}

/** Writes an event as one line of JSON: its time, level and name, then its fields. */
export function toJsonLine({ timeMs, level, event }: JsonLine, fields: LogFields): string {
  const time = new Date(timeMs).toISOString();
  return `${JSON.stringify({ time, level, event, ...fields })}\n`;
}
