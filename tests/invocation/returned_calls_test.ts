import { describe, expect, test } from "bun:test";
import { replied } from "./support.ts";
import { createSupervision, isIdle, settle, sweptMs } from "./supervision.ts";

const seed = { attempts: 3, timeoutMs: 60_000, deadlineMs: 180_000, maxDurationMs: 300_000 };

describe("an invocation that its process gives back unstarted", () => {
  test("runs elsewhere, is the same invocation, and has its whole time from then on", async () => {
    const all = createSupervision(seed);
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance(800);
    pool.slots[0]?.giveBack();
    const [lost, found] = pool.slots;
    const { traceId, requestId } = lost?.call ?? {};
    expect(found?.call).toMatchObject({
      ...{ traceId, requestId, attempt: 1 },
      deadlineMs: clock.wallMs() + 60_000,
    });
    clock.advance(59_999);
    expect([pool.slots.length, found?.events]).toEqual([2, []]);
    found?.end(replied());
    await settle();
    expect(request.answer).toMatchObject({ kind: "replied", traceId: found?.call?.traceId });
    expect(recorder.invocations).toMatchObject([
      { attempt: 1, pid: found?.pid, delivered: true, durationMs: 59_999 },
    ]);
    expect(lost?.events).toEqual([]);
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
  });

  test("waits where nobody has room, before those who wait, at most for the deadline", async () => {
    const all = createSupervision(seed);
    const { clock, pool, recorder, run } = all;
    const request = run();
    pool.isFull = true;
    const other = run();
    clock.advance(800);
    pool.slots[0]?.giveBack();
    expect([pool.queueLength, pool.slots.length]).toEqual([2, 1]);
    clock.advance(179_199);
    await settle();
    expect(request.answer).toBeUndefined();
    clock.advance(1);
    await settle();
    expect([request.answer, other.answer]).toEqual([
      { kind: "timed-out", traceId: undefined },
      { kind: "timed-out", traceId: undefined },
    ]);
    clock.advance(sweptMs);
    expect([pool.queueLength, clock.pending, await isIdle(all)]).toEqual([0, 0, true]);
    expect(recorder.invocations).toEqual([]);
  });

  test("is served before those who came later", () => {
    const { clock, pool, run } = createSupervision(seed);
    run();
    pool.isFull = true;
    run();
    clock.advance(800);
    const { traceId } = pool.slots[0]?.call ?? {};
    pool.slots[0]?.giveBack();
    pool.serve();
    expect(pool.slots[1]?.call?.traceId).toBe(traceId ?? "");
  });

  test("may be given back time and again", async () => {
    const all = createSupervision(seed);
    const { clock, pool, recorder, run } = all;
    const request = run();
    for (let round = 0; round < 5; round++) {
      clock.advance(900);
      pool.slots.at(-1)?.giveBack();
    }
    expect(pool.slots.length).toBe(6);
    pool.slots.at(-1)?.end(replied());
    await settle();
    expect(request.answer?.kind).toBe("replied");
    expect(recorder.invocations).toMatchObject([{ attempt: 1, durationMs: 0 }]);
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
  });

  test("is not run again once its client has left, and has never run at all", async () => {
    const all = createSupervision(seed);
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance(500);
    request.clientGone();
    clock.advance(300);
    pool.slots[0]?.giveBack();
    clock.advance(sweptMs);
    expect([pool.slots.length, recorder.invocations, clock.pending]).toEqual([1, [], 0]);
    expect(await isIdle(all)).toBe(true);
  });

  test("after the deadline is not run again, and has never run at all", async () => {
    const all = createSupervision({ ...seed, attempts: 1, timeoutMs: 700, deadlineMs: 700 });
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance(800);
    await settle();
    expect(request.answer?.kind).toBe("timed-out");
    pool.slots[0]?.giveBack();
    clock.advance(sweptMs);
    expect([pool.slots.length, recorder.invocations, clock.pending]).toEqual([1, [], 0]);
    expect(await isIdle(all)).toBe(true);
  });

  test("after another has answered is not run again, and has never run at all", async () => {
    const all = createSupervision({ ...seed, timeoutMs: 600 });
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance(700);
    pool.slots[1]?.end(replied("second"));
    await settle();
    expect(request.answer).toMatchObject({ kind: "replied", reply: { body: "second" } });
    pool.slots[0]?.giveBack();
    clock.advance(sweptMs);
    expect([pool.slots.length, clock.pending, await isIdle(all)]).toEqual([2, 0, true]);
    expect(recorder.invocations.map(({ attempt }) => attempt)).toEqual([2]);
  });

  test("still runs when the next has been started meanwhile: both are in time", async () => {
    const all = createSupervision({ ...seed, timeoutMs: 600 });
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance(700);
    pool.slots[0]?.giveBack();
    expect(pool.slots.map(({ call }) => call?.attempt)).toEqual([1, 2, 1]);
    clock.advance(300);
    pool.slots[2]?.end(replied("first"));
    await settle();
    expect(request.answer).toMatchObject({ kind: "replied", reply: { body: "first" } });
    pool.slots[1]?.end(replied("second"));
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
    expect(recorder.invocations.map(({ attempt, delivered }) => [attempt, delivered]))
      .toEqual([[1, true], [2, false]]);
  });

  test("runs elsewhere in a drain, too: it was there before", async () => {
    const { pool, supervisor, run } = createSupervision(seed);
    const request = run();
    supervisor.drain();
    pool.slots[0]?.giveBack();
    pool.slots[1]?.end(replied());
    await settle();
    expect(request.answer?.kind).toBe("replied");
  });

  test("is refused where nobody takes it any more, and that is the answer", async () => {
    const all = createSupervision(seed);
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance(800);
    pool.refusal = { kind: "stopping" };
    pool.slots[0]?.giveBack();
    await settle();
    expect(request.answer).toEqual({ kind: "refused", refusal: { kind: "stopping" } });
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all), recorder.invocations]).toEqual([0, true, []]);
  });

  test("is watched anew: it is overdue, and ended, by its own time", () => {
    const settings = { ...seed, attempts: 1, timeoutMs: 600, maxDurationMs: 5_000 };
    const { clock, pool, run } = createSupervision({ ...settings, late: "deliver" });
    run();
    clock.advance(800);
    pool.slots[0]?.giveBack();
    clock.advance(599);
    expect(pool.slots[1]?.events).toEqual([]);
    clock.advance(1);
    expect(pool.slots[1]?.events).toEqual(["abort Overdue", "overdue"]);
    clock.advance(4_399);
    expect(pool.slots[1]?.events.length).toBe(2);
    clock.advance(1);
    expect(pool.slots[1]?.events.at(-1)).toStartWith("kill: ");
  });

  test("after its process was to be ended for it is ended elsewhere, too, by its own time", () => {
    const settings = { ...seed, attempts: 1, timeoutMs: 600, maxDurationMs: 600 };
    const { clock, pool, run } = createSupervision({ ...settings, late: "deliver" });
    run();
    clock.advance(600);
    expect(pool.slots[0]?.events.at(-1)).toStartWith("kill: ");
    clock.advance(100);
    pool.slots[0]?.giveBack();
    clock.advance(600);
    expect(pool.slots[1]?.events.at(-1)).toStartWith("kill: ");
  });
});

describe("an invocation that is given back and has waited", () => {
  test("has its successor announced and started by its own time", () => {
    const { clock, pool, run } = createSupervision(seed);
    run();
    pool.isFull = true;
    clock.advance(1_000);
    pool.slots[0]?.giveBack();
    clock.advance(9_000);
    pool.isFull = false;
    pool.serve();
    clock.advance(59_999);
    expect(pool.slots.length).toBe(2);
    clock.advance(1);
    expect(pool.slots.map(({ call }) => call?.attempt)).toEqual([1, 1, 2]);
  });
});
