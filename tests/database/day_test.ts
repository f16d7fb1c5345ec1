import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Day } from "../../runtime/database/values/day.ts";

describe("Day", () => {
  test("is made of numbers, with the month from 0", () => {
    const day = new Day(2026, 11, 31);
    expect([day.getYear(), day.getMonth(), day.getDay()]).toEqual([2026, 11, 31]);
    expect(day.getDayOfWeek()).toBe(4);
    expect(JSON.stringify({ day })).toBe('{"day":"2026-12-31"}');
    expect(String(day)).toBe("2026-12-31");
  });

  test("carries numbers that run over", () => {
    expect(new Day(2026, 0, 32).toJSON()).toBe("2026-02-01");
    expect(new Day(2026, 12, 1).toJSON()).toBe("2027-01-01");
    expect(new Day(99, 0, 1).toJSON()).toBe("0099-01-01");
  });

  test("is the local day of a Date, and becomes its midnight", () => {
    const date = new Date(2024, 1, 29, 23, 59);
    expect(new Day(date).toJSON()).toBe("2024-02-29");
    expect(new Day(date).toDate()).toEqual(new Date(2024, 1, 29));
  });

  test("is today without arguments", () => {
    const before = new Day(new Date()).toJSON();
    const today = new Day().toJSON();
    expect([before, new Day(new Date()).toJSON()]).toContain(today);
  });

  test("keeps the text of every day of the calendar", () => {
    const date = fc.date({
      min: new Date("0000-01-01"),
      max: new Date("9999-12-31"),
      noInvalidDate: true,
    });
    fc.assert(fc.property(date, (date) => {
      const text = date.toISOString().slice(0, 10);
      const day = new Day(text);
      expect(day.toJSON()).toBe(text);
      expect(new Day(day.getYear(), day.getMonth(), day.getDay()).toJSON()).toBe(text);
      expect(new Day(day.toDate()).toJSON()).toBe(text);
      expect(day.getDayOfWeek()).toBe(date.getUTCDay());
    }));
  });

  test.each(["2026-02-30", "2026-13-01", "2026-1-1", "26-01-01", "", "today", "2026-01-01T00:00"])(
    "refuses the text %p",
    (text) => expect(() => new Day(text)).toThrow("Cannot make a Day"),
  );

  test("refuses invalid dates and years of more than four digits", () => {
    expect(() => new Day(new Date(NaN))).toThrow("Cannot make a Day of an invalid date");
    expect(() => new Day(10_000, 0, 1)).toThrow("the year must be from 0 to 9999: got 10000");
    expect(() => new Day(NaN, 0, 1)).toThrow("Cannot make a Day");
    expect(() => new Day(-1, 0, 1)).toThrow("Cannot make a Day");
    expect(() => Reflect.construct(Day, [{}])).toThrow("Cannot make a Day: give");
    expect(() => Reflect.construct(Day, [2026, 1])).toThrow("Cannot make a Day: give");
  });
});
