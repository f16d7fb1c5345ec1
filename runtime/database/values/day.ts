const pattern = /^(\d{4})-(\d{2})-(\d{2})$/;
const maxYear = 9999;
const maxShownChars = 40;

/**
 * A calendar day without a time or a zone, from year 0 to 9999. Days never change; `toJSON()` and
 * `toString()` give `YYYY-MM-DD`, so that days compare with `<` in the order of the calendar.
 */
export class Day {
  readonly #year: number;
  /** From 0, as in `Date`. */
  readonly #month: number;
  readonly #day: number;

  /**
   * Today, a day by its numbers (the month from 0, as in `Date`; numbers that run over are carried),
   * by its text, or the local day of a `Date`.
   */
  constructor(...given: [] | [number, number, number] | [string | Date | Day]) {
    const [year, month, day] = numbersOf(given);
    if (!(year >= 0 && year <= maxYear)) {
      throw new RangeError(`Cannot make a Day: the year must be from 0 to ${maxYear}: got ${year}`);
    }
    this.#year = year;
    this.#month = month;
    this.#day = day;
    Object.freeze(this);
  }

  /** Whether a value is a day. */
  static isDay(value: unknown): value is Day {
    return typeof value === "object" && value !== null && #year in value;
  }

  /** Its first moment in the local zone. */
  toDate(): Date {
    const date = new Date(2000, 0, 1);
    // The constructor reads years below 100 as 1900 and later.
    date.setFullYear(this.#year, this.#month, this.#day);
    return date;
  }

  /** The year, as 2026. */
  getYear(): number {
    return this.#year;
  }

  /** The month from 0, as in `Date`. */
  getMonth(): number {
    return this.#month;
  }

  /** The day of the month, from 1. */
  getDay(): number {
    return this.#day;
  }

  /** The day of the week from 0 for Sunday, as in `Date`. */
  getDayOfWeek(): number {
    return utcDate(this.#year, this.#month, this.#day).getUTCDay();
  }

  toJSON(): string {
    const pad = (value: number, length: number) => String(value).padStart(length, "0");
    return `${pad(this.#year, 4)}-${pad(this.#month + 1, 2)}-${pad(this.#day, 2)}`;
  }

  toString(): string {
    return this.toJSON();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Day ${this.toJSON()}`;
  }
}

type Numbers = readonly [year: number, month: number, day: number];

function numbersOf(given: readonly unknown[]): Numbers {
  const [first, month, day] = given;
  if (given.length === 0) return ofLocalDate(new Date());
  if (Day.isDay(first)) return [first.getYear(), first.getMonth(), first.getDay()];
  if (first instanceof Date) return ofLocalDate(first);
  if (typeof first === "string") return ofText(first);
  if (typeof first === "number" && typeof month === "number" && typeof day === "number") {
    return ofUtcDate(utcDate(first, month, day));
  }
  throw new TypeError(
    'Cannot make a Day: give (year, month, day), a Date, or text as "2026-12-31"',
  );
}

function ofLocalDate(date: Date): Numbers {
  if (Number.isNaN(date.getTime())) throw new RangeError("Cannot make a Day of an invalid date");
  return [date.getFullYear(), date.getMonth(), date.getDate()];
}

function ofText(text: string): Numbers {
  const [, year, month, day] = (pattern.exec(text) ?? []).map(Number);
  if (year !== undefined && month !== undefined && day !== undefined) {
    const numbers = ofUtcDate(utcDate(year, month - 1, day));
    if (numbers[1] === month - 1 && numbers[2] === day) return numbers;
  }
  throw new RangeError(
    `Cannot make a Day of ${JSON.stringify(text.slice(0, maxShownChars))}: give a day of the ` +
      'calendar, as "2026-12-31"',
  );
}

function ofUtcDate(date: Date): Numbers {
  return [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
}

/** In a zone without jumps: a local midnight, or a whole day, may not exist. */
function utcDate(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date;
}
