import { describe, expect, test } from "bun:test";
import { failed, replied } from "./support.ts";
import { createSupervision, isIdle, settle, sweptMs } from "./supervision.ts";

const seed = { attempts: 3, timeoutMs: 60_000, deadlineMs: 180_000, maxDurationMs: 300_000 };
/** How long before it is due an attempt is announced. */
const leadMs = 1_000;

describe("a further invocation", () => {
  test("is announced to the pool a second before it is due, and is the one that asks", () => {
    const { clock, pool, run } = createSupervision(seed);
    run();
    clock.advance(60_000 - leadMs - 1);
    expect([pool.expected.size, pool.asked.length]).toEqual([0, 1]);
    clock.advance(1);
    expect([pool.expected.size, pool.asked.length]).toEqual([1, 1]);
    const [announced] = pool.expected;
    expect([announced?.task, announced?.needsNewProcess]).toEqual(["hello", true]);
    clock.advance(leadMs);
    expect([pool.expected.size, pool.slots.length]).toEqual([0, 2]);
    expect(pool.asked.map(({ needsNewProcess }) => needsNewProcess)).toEqual([false, true]);
  });

  test("is announced half a timeout before it is due where that is less", () => {
    const { clock, pool, run } = createSupervision({ ...seed, timeoutMs: 1_000 });
    run();
    clock.advance(499);
    expect(pool.expected.size).toBe(0);
    clock.advance(1);
    expect(pool.expected.size).toBe(1);
  });

  test.each<readonly [what: string, end: (all: ReturnType<typeof createSupervision>) => void]>([
    ["replies", ({ pool }) => pool.slots[0]?.end(replied())],
    ["fails in its time", ({ pool }) => pool.slots[0]?.end(failed())],
  ])("that is announced is called off when the one before %s", async (_what, end) => {
    const all = createSupervision(seed);
    const { clock, pool, run } = all;
    const request = run();
    clock.advance(59_500);
    expect(pool.expected.size).toBe(1);
    end(all);
    await settle();
    expect([request.answer !== undefined, pool.expected.size]).toEqual([true, 0]);
    clock.advance(sweptMs);
    expect([clock.pending, pool.slots.length, await isIdle(all)]).toEqual([0, 1, true]);
  });

  test("that is announced is called off when the client leaves, and never starts", async () => {
    const all = createSupervision(seed);
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance(59_500);
    request.clientGone();
    expect(pool.expected.size).toBe(0);
    clock.advance(100_000);
    expect(pool.slots.length).toBe(1);
    pool.slots[0]?.end(replied());
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
    expect(recorder.invocations).toMatchObject([{ state: "COMPLETED", delivered: false }]);
  });

  test("that is announced when a drain begins never starts; the answer calls it off", async () => {
    const all = createSupervision(seed);
    const { clock, pool, supervisor, run } = all;
    const request = run();
    clock.advance(59_500);
    supervisor.drain();
    clock.advance(500);
    await settle();
    expect([request.answer?.kind, pool.expected.size, pool.slots.length])
      .toEqual(["timed-out", 0, 1]);
    pool.slots[0]?.end(replied());
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
  });

  test("is announced for one that had to wait for its process, too", () => {
    const { clock, pool, run } = createSupervision({ ...seed, attempts: 2 });
    pool.isFull = true;
    run();
    clock.advance(10_000);
    pool.serve();
    clock.advance(60_000 - leadMs);
    expect([pool.expected.size, pool.slots.length]).toEqual([1, 1]);
  });

  test("that had to wait has its own time from then on; the next follows from there", () => {
    const { clock, pool, run } = createSupervision(seed);
    run();
    pool.isFull = true;
    clock.advance(60_000);
    expect(pool.queueLength).toBe(1);
    clock.advance(20_000);
    pool.isFull = false;
    pool.serve();
    expect(pool.slots[1]?.call).toMatchObject({ attempt: 2, deadlineMs: clock.wallMs() + 60_000 });
    clock.advance(59_999);
    expect([pool.slots.length, pool.slots[1]?.events]).toEqual([2, []]);
    clock.advance(1);
    expect([pool.slots.length, pool.slots[1]?.events]).toEqual([3, ["abort Overdue", "overdue"]]);
  });

  test("that is refused leaves those that run to answer, and no other is tried", async () => {
    const all = createSupervision(seed);
    const { clock, pool, recorder, run } = all;
    const request = run();
    pool.refusal = { kind: "stopping" };
    clock.advance(60_000);
    await settle();
    expect(request.answer?.kind).toBe("timed-out");
    pool.slots[0]?.end(replied());
    clock.advance(sweptMs);
    expect([pool.asked.length, clock.pending, await isIdle(all)]).toEqual([2, 0, true]);
    expect(recorder.invocations).toMatchObject([{ attempt: 1, delivered: false }]);
  });

  test("that is refused leaves a late reply to be delivered where late ones count", async () => {
    const all = createSupervision({ ...seed, late: "deliver" });
    const { clock, pool, run } = all;
    const request = run();
    pool.refusal = { kind: "stopping" };
    clock.advance(130_000);
    pool.slots[0]?.end(replied("late"));
    await settle();
    expect(request.answer).toMatchObject({ kind: "replied", reply: { body: "late" } });
    clock.advance(sweptMs);
    expect([pool.asked.length, clock.pending, await isIdle(all)]).toEqual([2, 0, true]);
  });

  test("that waited and is refused later leaves the one that runs to answer", async () => {
    const all = createSupervision({ ...seed, late: "deliver" });
    const { clock, pool, run } = all;
    const request = run();
    pool.isFull = true;
    clock.advance(60_000);
    pool.refuse({ kind: "stopping" });
    await settle();
    expect(request.answer).toBeUndefined();
    clock.advance(120_000);
    await settle();
    expect([request.answer?.kind, pool.asked.length]).toEqual(["timed-out", 2]);
    pool.slots[0]?.end(replied());
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
  });
});

describe("the first reply in its own time", () => {
  test.each([1, 2, 3])("answers, which is that of attempt %d", async (attempt) => {
    const all = createSupervision(seed);
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance((attempt - 1) * 60_000 + 30_000);
    // Those before are overdue: what they say is thrown away.
    for (const [index, slot] of pool.slots.entries()) slot.end(replied(`reply ${index + 1}`));
    await settle();
    expect(request.answer).toMatchObject({
      kind: "replied",
      traceId: pool.slots[attempt - 1]?.call?.traceId,
      reply: { body: `reply ${attempt}` },
    });
    clock.advance(200_000);
    expect([pool.slots.length, clock.pending, await isIdle(all)]).toEqual([attempt, 0, true]);
    expect(recorder.invocations.map(({ delivered }) => delivered)).toEqual(
      Array.from({ length: attempt }, (_, index) => index === attempt - 1),
    );
    expect(recorder.overdue.length).toBe(attempt - 1);
  });

  test("answers although the one before fails late a moment earlier", async () => {
    const { clock, pool, recorder, run } = createSupervision(seed);
    const request = run();
    clock.advance(70_000);
    pool.slots[0]?.end(failed("late"));
    pool.slots[1]?.end(replied("second"));
    await settle();
    expect(request.answer).toMatchObject({ kind: "replied", reply: { body: "second" } });
    expect(recorder.invocations).toMatchObject([
      { attempt: 1, state: "FAILED", delivered: false },
      { attempt: 2, state: "COMPLETED", delivered: true },
    ]);
  });
});
