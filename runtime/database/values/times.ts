import { bad, good, type Parsed } from "../../base/parsed.ts";
import { Day } from "./day.ts";
import type { SqlValue, ValueType } from "./value_type.ts";

/** ISO 8601 with a zone: without one, the moment would depend on the machine. */
const momentPattern =
  /^[+-]?\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

const momentForm = 'a time with a zone, as "2026-12-31T23:59:59Z"';

/** A moment, to the millisecond. */
export const datetimeType: ValueType = {
  storage: "integer",
  comparing: "number",
  cast: parseMoment,
  parameter: parseMoment,
  // A new one at each reading: dates can be changed, and the object would not notice.
  read: (stored) => new Date(Number(stored)),
  parseText: readMoment,
  parseJson: (value) => typeof value === "string" ? readMoment(value) : bad(momentForm),
  typescript: () => ({ read: "Date", assign: "never" }),
};

/** A day of the calendar. */
export const dateType: ValueType = {
  storage: "text",
  comparing: "text",
  cast: parseDay,
  parameter: parseDay,
  read: (stored) => new Day(String(stored)),
  parseText: (text) => good(text),
  parseJson: good,
  typescript: () => ({ read: "Day", assign: "Date | string" }),
};

function readMoment(text: string): Parsed<Date> {
  const moment = new Date(momentPattern.test(text) ? text : NaN);
  return Number.isNaN(moment.getTime()) ? bad(momentForm) : good(moment);
}

function parseMoment(value: unknown): Parsed<SqlValue> {
  return value instanceof Date && !Number.isNaN(value.getTime())
    ? good(value.getTime())
    : bad("a valid Date");
}

function parseDay(value: unknown): Parsed<SqlValue> {
  try {
    const isDay = Day.isDay(value) || value instanceof Date || typeof value === "string";
    if (isDay) return good(new Day(value).toJSON());
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return bad('a Day, a Date, or text as "2026-12-31"');
}
