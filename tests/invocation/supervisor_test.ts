import { describe, expect, test } from "bun:test";
import { failed, failureOf, killed, replied } from "./support.ts";
import { call, createSupervision, isIdle, settle, sweptMs } from "./supervision.ts";

describe("an invocation", () => {
  test("that replies in time answers, is recorded, and leaves nothing behind", async () => {
    const all = createSupervision();
    const { clock, pool, recorder, run } = all;
    const request = run();
    expect(pool.asked).toEqual([
      { task: "hello", concurrency: undefined, needsNewProcess: false },
    ]);
    expect(await isIdle(all)).toBe(false);
    clock.advance(1_500);
    pool.slots[0]?.end(replied("hi"));
    await settle();
    const traceId = pool.slots[0]?.call?.traceId;
    expect(request.answer).toMatchObject({ kind: "replied", traceId, reply: { body: "hi" } });
    expect(recorder.invocations).toEqual([{
      traceId: String(traceId),
      firstTraceId: String(traceId),
      previousTraceId: undefined,
      traceparent: undefined,
      requestId: "request",
      attempt: 1,
      deployment: "acme",
      release: "r1",
      task: "hello",
      method: "GET",
      pid: 100,
      state: "COMPLETED",
      code: undefined,
      reason: undefined,
      stack: undefined,
      status: 200,
      delivered: true,
      startedAt: clock.wallMs() - 1_500,
      durationMs: 1_500,
      queuedMs: 0,
      authenticateMs: undefined,
      handlerMs: undefined,
      cpuMs: undefined,
      peakRssBytes: undefined,
    }]);
    expect(pool.slots[0]?.events).toEqual([]);
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
  });

  test("is given the call, its own trace ID and the end of its own timeout", () => {
    const { clock, pool, run } = createSupervision({ timeoutMs: 20_000 });
    run();
    run();
    const [first, second] = pool.slots.map((slot) => slot.call);
    expect(first).toEqual({
      ...call,
      firstTraceId: String(first?.traceId),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      attempt: 1,
      deadlineMs: clock.wallMs() + 20_000,
    });
    expect(second?.traceId).not.toBe(first?.traceId ?? "");
  });

  test("that fails answers at once, and is recorded with its reason", async () => {
    const { clock, pool, recorder, run } = createSupervision();
    const request = run();
    pool.slots[0]?.end(failed("Cannot add"));
    await settle();
    expect(request.answer).toMatchObject({ kind: "failed", failure: failureOf("Cannot add") });
    expect(recorder.invocations).toMatchObject([{
      state: "FAILED",
      reason: "Cannot add",
      stack: "Error: Cannot add",
      status: undefined,
      delivered: true,
    }]);
    clock.advance(60_000);
    clock.advance(sweptMs);
    expect([clock.pending, pool.slots.length]).toEqual([0, 1]);
  });

  test.each(["CRASHED", "KILLED", "INTERRUPTED"] as const)(
    "whose process dies is recorded as %s",
    async (state) => {
      const { pool, recorder, run } = createSupervision();
      const request = run();
      pool.slots[0]?.end({ kind: "died", state, failure: failureOf("exit code 1") });
      await settle();
      expect(request.answer?.kind).toBe("failed");
      expect(recorder.invocations).toMatchObject([{ state, reason: "exit code 1" }]);
    },
  );

  test("that is overdue gives 504, is told, and keeps its process from new calls", async () => {
    const { clock, pool, recorder, run } = createSupervision({ timeoutMs: 20_000 });
    const request = run();
    clock.advance(19_999);
    await settle();
    expect([request.answer, pool.slots[0]?.events]).toEqual([undefined, []]);
    expect(recorder.overdue).toEqual([]);
    clock.advance(1);
    await settle();
    const { traceId = "", requestId = "" } = pool.slots[0]?.call ?? {};
    expect(recorder.overdue).toEqual([{
      ...{ traceId, requestId, attempt: 1, deployment: "acme", task: "hello" },
      pid: pool.slots[0]?.pid ?? 0,
      timeoutMs: 20_000,
    }]);
    expect(request.answer).toEqual({ kind: "timed-out", traceId });
    expect(pool.slots[0]?.events).toEqual(["abort Overdue", "overdue"]);
    expect(recorder.invocations).toEqual([]);
  });

  test("that replies late is recorded as completed, and its reply thrown away", async () => {
    const all = createSupervision({ timeoutMs: 20_000 });
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance(25_000);
    expect(await isIdle(all)).toBe(false);
    pool.slots[0]?.end(replied());
    await settle();
    expect(request.answer?.kind).toBe("timed-out");
    expect(recorder.invocations).toMatchObject([
      { state: "COMPLETED", status: 200, delivered: false, durationMs: 25_000 },
    ]);
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
  });

  test("that runs longer than maxDuration is killed once, and its timers end", async () => {
    const all = createSupervision({ timeoutMs: 20_000, maxDurationMs: 100_000 });
    const { clock, pool, recorder, run } = all;
    run();
    clock.advance(99_999);
    expect(pool.slots[0]?.events).toEqual(["abort Overdue", "overdue"]);
    clock.advance(1);
    const kill = "kill: an invocation ran longer than maxDuration, 100000 ms";
    clock.advance(60_000);
    expect(pool.slots[0]?.events).toEqual(["abort Overdue", "overdue", kill]);
    pool.slots[0]?.end(killed("signal SIGTERM"));
    clock.advance(sweptMs);
    expect(clock.pending).toBe(0);
    expect(recorder.invocations).toMatchObject([
      { state: "KILLED", delivered: false, durationMs: 160_000 },
    ]);
    expect(await isIdle(all)).toBe(true);
  });

  test("whose timeout is its maxDuration is told that it is overdue before it is killed", () => {
    const { clock, pool, run } = createSupervision({ timeoutMs: 100, maxDurationMs: 100 });
    run();
    clock.advance(100);
    expect(pool.slots[0]?.events.map((event) => event.slice(0, 7))).toEqual([
      "abort O",
      "overdue",
      "kill: a",
    ]);
  });

  test("that runs on at the deadline is left to its own timeout", async () => {
    const settings = { timeoutMs: 60_000, deadlineMs: 90_000 };
    const { clock, pool, recorder, run } = createSupervision(settings);
    pool.isFull = true;
    const request = run();
    clock.advance(50_000);
    pool.serve();
    clock.advance(40_000);
    await settle();
    expect(request.answer?.kind).toBe("timed-out");
    expect(pool.slots[0]?.events).toEqual([]);
    clock.advance(19_999);
    expect(pool.slots[0]?.events).toEqual([]);
    clock.advance(1);
    expect(pool.slots[0]?.events).toEqual(["abort Overdue", "overdue"]);
    pool.slots[0]?.end(replied());
    expect(recorder.invocations).toMatchObject([{ delivered: false, durationMs: 60_000 }]);
    clock.advance(sweptMs);
    expect(clock.pending).toBe(0);
  });
});

describe("late: deliver", () => {
  const late = { timeoutMs: 20_000, late: "deliver" } as const;

  test("answers with a reply that comes after the timeout", async () => {
    const { clock, pool, recorder, run } = createSupervision(late);
    const request = run();
    clock.advance(30_000);
    await settle();
    expect([request.answer, pool.slots[0]?.events]).toEqual([
      undefined,
      ["abort Overdue", "overdue"],
    ]);
    pool.slots[0]?.end(replied());
    await settle();
    expect(request.answer?.kind).toBe("replied");
    expect(recorder.invocations).toMatchObject([{ state: "COMPLETED", delivered: true }]);
    clock.advance(sweptMs);
    expect(clock.pending).toBe(0);
  });

  test("answers with a late failure when nothing else can", async () => {
    const { clock, pool, recorder, run } = createSupervision(late);
    const request = run();
    clock.advance(30_000);
    pool.slots[0]?.end(failed());
    await settle();
    expect(request.answer?.kind).toBe("failed");
    expect(recorder.invocations).toMatchObject([{ state: "FAILED", delivered: true }]);
  });

  test("gives 504 at the deadline, and records what comes then as undelivered", async () => {
    const { clock, pool, recorder, run } = createSupervision(late);
    const request = run();
    clock.advance(179_999);
    await settle();
    expect(request.answer).toBeUndefined();
    clock.advance(1);
    await settle();
    expect(request.answer?.kind).toBe("timed-out");
    pool.slots[0]?.end(replied());
    expect(recorder.invocations).toMatchObject([{ state: "COMPLETED", delivered: false }]);
    clock.advance(sweptMs);
    expect(clock.pending).toBe(0);
  });
});
