import { describe, expect, test } from "bun:test";
import { replied } from "./support.ts";
import { createSupervision, isIdle, settle, sweptMs } from "./supervision.ts";

describe("a request in the queue", () => {
  test("waits at most for its deadline, and leaves the queue with it", async () => {
    const all = createSupervision({ deadlineMs: 90_000 });
    const { clock, pool, recorder, run } = all;
    pool.isFull = true;
    const request = run();
    clock.advance(89_999);
    await settle();
    expect([request.answer, pool.queueLength]).toEqual([undefined, 1]);
    clock.advance(1);
    await settle();
    expect(request.answer).toEqual({ kind: "timed-out", traceId: undefined });
    clock.advance(sweptMs);
    expect([pool.queueLength, clock.pending, await isIdle(all)]).toEqual([0, 0, true]);
    expect(recorder.invocations).toEqual([]);
  });

  test("has its whole timeout from when it leaves it", async () => {
    const { clock, pool, recorder, run } = createSupervision({ timeoutMs: 20_000 });
    pool.isFull = true;
    const request = run();
    clock.advance(50_000);
    pool.serve();
    expect(pool.slots[0]?.call?.deadlineMs).toBe(clock.wallMs() + 20_000);
    clock.advance(19_999);
    expect(pool.slots[0]?.events).toEqual([]);
    pool.slots[0]?.end(replied());
    await settle();
    expect(request.answer?.kind).toBe("replied");
    expect(recorder.invocations).toMatchObject([{ durationMs: 19_999 }]);
    clock.advance(sweptMs);
    expect(clock.pending).toBe(0);
  });

  test("leaves it with its client", async () => {
    const all = createSupervision();
    const { clock, pool, recorder, run } = all;
    pool.isFull = true;
    const request = run();
    request.clientGone();
    await settle();
    expect(request.answer).toEqual({ kind: "client-left", traceId: undefined });
    clock.advance(sweptMs);
    expect([pool.queueLength, clock.pending, await isIdle(all)]).toEqual([0, 0, true]);
    expect(recorder.invocations).toEqual([]);
  });

  test.each(["at once", "later"])("that is refused %s is answered so", async (when) => {
    const all = createSupervision();
    const { clock, pool, run } = all;
    const refusal = { kind: "queue-full", limit: 3 } as const;
    if (when === "at once") pool.refusal = refusal;
    else pool.isFull = true;
    const request = run();
    pool.refuse(refusal);
    await settle();
    expect(request.answer).toEqual({ kind: "refused", refusal });
    clock.advance(50);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
  });
});

describe("a client that leaves", () => {
  test("aborts the signal once; the invocation runs on and is recorded", async () => {
    const all = createSupervision({ timeoutMs: 20_000 });
    const { clock, pool, recorder, run } = all;
    const request = run();
    clock.advance(1_000);
    request.clientGone();
    request.clientGone();
    await settle();
    const traceId = pool.slots[0]?.call?.traceId;
    expect(request.answer).toEqual({ kind: "client-left", traceId });
    expect(pool.slots[0]?.events).toEqual(["abort ClientGone"]);
    expect(await isIdle(all)).toBe(false);
    pool.slots[0]?.end(replied());
    expect(recorder.invocations).toMatchObject([{ state: "COMPLETED", delivered: false }]);
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle(all)]).toEqual([0, true]);
  });

  test("leaves an invocation that is watched until maxDuration", () => {
    const { clock, pool, run } = createSupervision({ timeoutMs: 20_000, maxDurationMs: 50_000 });
    run().clientGone();
    clock.advance(60_000);
    expect(pool.slots[0]?.events.map((event) => event.split(":")[0])).toEqual([
      "abort ClientGone",
      "abort Overdue",
      "overdue",
      "kill",
    ]);
  });

  test("changes nothing once its request is answered", async () => {
    const { pool, recorder, run } = createSupervision();
    const request = run();
    pool.slots[0]?.end(replied());
    request.clientGone();
    await settle();
    expect(request.answer?.kind).toBe("replied");
    expect(pool.slots[0]?.events).toEqual([]);
    expect(recorder.invocations).toMatchObject([{ delivered: true }]);
  });
});

describe("Supervisor", () => {
  test("asks for a place within the task's own concurrency", () => {
    const { pool, run } = createSupervision({ concurrency: 2 });
    run();
    expect(pool.asked).toMatchObject([{ task: "hello", concurrency: 2 }]);
  });

  test("is idle only when the last of many requests has ended, and tells all who wait", async () => {
    const { pool, supervisor, run } = createSupervision();
    run();
    run();
    let idle = 0;
    for (let waiting = 0; waiting < 2; waiting++) {
      void supervisor.idle().then(() => {
        idle += 1;
      });
    }
    pool.slots[0]?.end(replied());
    await settle();
    expect(idle).toBe(0);
    pool.slots[1]?.end(replied());
    await settle();
    expect(idle).toBe(2);
  });

  test("that drains still sees through what runs and waits", async () => {
    const { pool, supervisor, run } = createSupervision();
    const running = run();
    pool.isFull = true;
    const waiting = run();
    supervisor.drain();
    pool.slots[0]?.end(replied("first"));
    pool.serve();
    pool.slots[1]?.end(replied("second"));
    await settle();
    expect([running.answer, waiting.answer]).toMatchObject([
      { reply: { body: "first" } },
      { reply: { body: "second" } },
    ]);
  });

  test("tells a client that it waits longer than most, once and only while it waits", async () => {
    const { clock, pool, run } = createSupervision();
    const [short, long] = [run(), run()];
    clock.advance(24);
    pool.slots[0]?.end(replied());
    await settle();
    expect([short.lingered, long.lingered]).toEqual([0, 0]);
    clock.advance(26);
    expect([short.lingered, long.lingered]).toEqual([0, 1]);
    clock.advance(1_000);
    expect([short.lingered, long.lingered]).toEqual([0, 1]);
  });

  test("tells nothing to a client that has its answer while its task runs on", async () => {
    const { clock, run } = createSupervision({ timeoutMs: 10 });
    const request = run();
    clock.advance(1_000);
    await settle();
    expect([request.answer?.kind, request.lingered]).toEqual(["timed-out", 0]);
  });

  test("takes a client that is found to have left when it lingers", async () => {
    const { clock, pool, run, supervisor } = createSupervision();
    const request = run();
    request.onLinger = () => request.clientGone();
    clock.advance(50);
    expect(pool.slots[0]?.events).toEqual(["abort ClientGone"]);
    pool.slots[0]?.end(replied());
    clock.advance(sweptMs);
    expect([clock.pending, await isIdle({ supervisor })]).toEqual([0, true]);
  });

  test("sets one timer for all short requests, and none stays", async () => {
    const { clock, pool, run } = createSupervision();
    const requests = Array.from({ length: 10 }, run);
    expect(clock.pending).toBe(1);
    for (const slot of pool.slots) slot.end(replied());
    await settle();
    clock.advance(50);
    expect(clock.pending).toBe(0);
    expect(requests.map(({ answer }) => answer?.kind)).toEqual(Array(10).fill("replied"));
  });

  test.each([10, 24, 60, 199, 201, 500])(
    "obeys a timeout of %d ms to the millisecond",
    async (timeoutMs) => {
      const { clock, pool, run } = createSupervision({ timeoutMs });
      const request = run();
      clock.advance(timeoutMs - 1);
      await settle();
      expect(request.answer).toBeUndefined();
      clock.advance(1);
      await settle();
      expect(request.answer?.kind).toBe("timed-out");
      expect(pool.slots[0]?.events).toEqual(["abort Overdue", "overdue"]);
    },
  );
});
