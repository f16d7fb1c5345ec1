import { describe, expect, test } from "bun:test";
import { Stopwatch } from "../../runtime/worker/stopwatch.ts";
import { FakeProcess } from "./support.ts";

describe("Stopwatch", () => {
  test("measures the functions of the author, and no more where they are quick", () => {
    const process = new FakeProcess();
    const watch = new Stopwatch(process.meter);
    watch.began("authenticate");
    process.clock.advance(2);
    watch.began("handler");
    process.clock.advance(7);
    expect(watch.stop()).toEqual({
      ...{ authenticateMs: 2, handlerMs: 7 },
      ...{ cpuMs: undefined, peakRssBytes: undefined },
    });
    expect(process.looks).toBe(1);
  });

  test("measures the process of an invocation that takes long", () => {
    const process = new FakeProcess();
    Object.assign(process, { cpuMs: 100, maxRss: 900, rss: 500 });
    const watch = new Stopwatch(process.meter);
    watch.began("authenticate");
    watch.began("handler");
    process.clock.advance(10);
    Object.assign(process, { cpuMs: 108, rss: 600 });
    expect(watch.stop()).toMatchObject({ cpuMs: 8, peakRssBytes: 600 });
  });

  test("knows a peak that is over when the process never used more before", () => {
    const process = new FakeProcess();
    Object.assign(process, { maxRss: 900 });
    const watch = new Stopwatch(process.meter);
    watch.began("authenticate");
    process.clock.advance(50);
    Object.assign(process, { maxRss: 1_000, rss: 600 });
    expect(watch.stop()).toMatchObject({
      ...{ authenticateMs: 50, handlerMs: undefined },
      peakRssBytes: 1_000,
    });
  });

  test("tells nothing of an invocation that never ran", () => {
    expect(new Stopwatch(new FakeProcess().meter).stop()).toBeUndefined();
  });
});

describe("Meter", () => {
  test("looks at the process once a millisecond", () => {
    const process = new FakeProcess();
    for (let times = 0; times < 10; times++) new Stopwatch(process.meter).began("authenticate");
    expect(process.looks).toBe(1);
    process.clock.advance(1);
    new Stopwatch(process.meter).began("authenticate");
    expect(process.looks).toBe(2);
  });
});
