import { describe, expect, test } from "bun:test";
import { failed, killed, replied } from "./support.ts";
import { createSupervision, isIdle, settle, sweptMs } from "./supervision.ts";

const seed = { attempts: 3, timeoutMs: 60_000, deadlineMs: 180_000, maxDurationMs: 300_000 };

describe("further invocations", () => {
  test("start at each timeout, under a trace ID of their own, while the first runs on", () => {
    const { clock, pool, run } = createSupervision(seed);
    run();
    for (const started of [1, 2, 3]) {
      expect(pool.slots.length).toBe(started);
      clock.advance(59_999);
      expect(pool.slots.length).toBe(started);
      clock.advance(1);
    }
    expect(pool.slots.length).toBe(3);
    expect(pool.slots.map(({ call }) => call?.attempt)).toEqual([1, 2, 3]);
    expect(new Set(pool.slots.map(({ call }) => call?.traceId)).size).toBe(3);
    expect(new Set(pool.slots.map(({ call }) => call?.requestId)).size).toBe(1);
    for (const { events } of pool.slots) expect(events).toEqual(["abort Overdue", "overdue"]);
  });

  test("give 504 with the last trace at the deadline; each is recorded when it ends", async () => {
    const all = createSupervision(seed);
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance(180_000);
    await settle();
    const [first, second, third] = pool.slots;
    expect(request.answer).toEqual({ kind: "timed-out", traceId: third?.call?.traceId });
    first?.end(replied());
    second?.end(failed());
    expect(await isIdle(all)).toBe(false);
    third?.end(killed("signal SIGKILL"));
    expect(recorder.invocations.map(({ attempt, state, delivered }) => [attempt, state, delivered]))
      .toEqual([[1, "COMPLETED", false], [2, "FAILED", false], [3, "KILLED", false]]);
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
  });

  test("answer when one replies in its own time; none is started any more", async () => {
    const { clock, pool, recorder, run } = createSupervision(seed);
    const request = run();
    clock.advance(90_000);
    pool.slots[1]?.end(replied("second"));
    await settle();
    expect(request.answer).toMatchObject({ kind: "replied", reply: { body: "second" } });
    clock.advance(100_000);
    expect(pool.slots.length).toBe(2);
    pool.slots[0]?.end(replied("first"));
    expect(recorder.invocations.map(({ attempt, delivered }) => [attempt, delivered])).toEqual([
      [2, true],
      [1, false],
    ]);
    clock.advance(sweptMs);
    expect(clock.pending).toBe(0);
  });

  test("are not started after a failure in time, after the client left, or in a drain", async () => {
    const { clock, pool, supervisor, run } = createSupervision(seed);
    run();
    pool.slots[0]?.end(failed());
    run().clientGone();
    const drained = run();
    supervisor.drain();
    clock.advance(200_000);
    await settle();
    expect(pool.slots.length).toBe(3);
    expect(drained.answer?.kind).toBe("timed-out");
  });

  test("that wait for a process leave the queue once the request is answered", async () => {
    const all = createSupervision({ ...seed, late: "deliver" });
    const { clock, pool, recorder, run } = all;
    const request = run();
    pool.isFull = true;
    clock.advance(60_000);
    expect(pool.queueLength).toBe(1);
    pool.slots[0]?.end(replied("late"));
    await settle();
    expect(request.answer).toMatchObject({ kind: "replied", reply: { body: "late" } });
    clock.advance(sweptMs);
    expect([pool.queueLength, clock.pending, await isIdle(all)]).toEqual([0, 0, true]);
    expect(recorder.invocations).toMatchObject([{ attempt: 1, delivered: true }]);
  });

  test("that all fail answer with a failure; late: deliver records it as delivered", async () => {
    const { clock, pool, recorder, run } = createSupervision({ ...seed, late: "deliver" });
    const request = run();
    clock.advance(70_000);
    pool.slots[1]?.end(failed("second"));
    await settle();
    expect([request.answer, recorder.invocations]).toEqual([undefined, []]);
    pool.slots[0]?.end(failed("first"));
    await settle();
    expect(request.answer).toMatchObject({ kind: "failed", failure: { message: "first" } });
    expect(recorder.invocations).toMatchObject([
      { attempt: 1, delivered: true },
      { attempt: 2, delivered: false },
    ]);
    clock.advance(sweptMs);
    expect(clock.pending).toBe(0);
  });
});
