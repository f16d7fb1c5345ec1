import { bad, good, type Parsed } from "./parsed.ts";
import { parseDuration } from "./units.ts";

const isoPattern = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Reads a moment in the past: how long ago, as `10m`, or a date and time as `2026-11-24T10:00Z`; in
 * milliseconds since 1970.
 */
export function parseMoment(text: string, nowMs: number): Parsed<number> {
  const ago = parseDuration(text);
  if (ago.kind === "good") return good(nowMs - ago.value);
  const timeMs = isoPattern.test(text) ? Date.parse(text.replace(" ", "T")) : Number.NaN;
  if (!Number.isNaN(timeMs)) return good(timeMs);
  return bad('give how long ago, as "10m", or a time, as "2026-11-24T10:00:00Z"');
}
