import { describe, expect, test } from "bun:test";
import { replied, replyOf } from "./support.ts";
import { createSupervision, settle } from "./supervision.ts";

const seed = { attempts: 3, timeoutMs: 60_000, deadlineMs: 180_000, maxDurationMs: 300_000 };

describe("the record of an invocation", () => {
  test("has the figures of its worker, and how long it waited", async () => {
    const { clock, pool, recorder, run } = createSupervision();
    pool.isFull = true;
    run();
    clock.advance(300);
    pool.serve();
    clock.advance(50);
    const figures = { authenticateMs: 1, handlerMs: 40, cpuMs: 12, peakRssBytes: 5_000 };
    pool.slots[0]?.end({ kind: "replied", reply: replyOf(), figures });
    await settle();
    expect(recorder.invocations).toMatchObject([{ queuedMs: 300, durationMs: 50, ...figures }]);
  });

  test("has none where its process died", async () => {
    const { pool, recorder, run } = createSupervision();
    run();
    const failure = { code: "crashed", message: "", stack: "", publicMessage: "" } as const;
    pool.slots[0]?.end({ kind: "died", state: "CRASHED", failure });
    await settle();
    expect(recorder.invocations).toMatchObject([{ queuedMs: 0 }]);
    for (const name of ["authenticateMs", "handlerMs", "cpuMs", "peakRssBytes"] as const) {
      expect(recorder.invocations[0]?.[name]).toBeUndefined();
    }
  });

  test("names the first and the previous invocation of its request", async () => {
    const { clock, pool, recorder, run } = createSupervision(seed);
    run();
    clock.advance(179_000);
    for (const slot of pool.slots) slot.end(replied());
    await settle();
    const [first, second, third] = pool.slots.map(({ call }) => call?.traceId);
    expect(pool.slots.map(({ call }) => call?.firstTraceId)).toEqual([first, first, first]);
    expect(
      recorder.invocations.map(({ traceId, firstTraceId, previousTraceId }) => [
        ...[traceId, firstTraceId, previousTraceId],
      ]),
    ).toEqual([[first, first, undefined], [second, first, first], [third, first, second]]);
  });
});
