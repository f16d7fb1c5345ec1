import { describe, expect, test } from "bun:test";
import { createPool, placesOf } from "./created_pool.ts";
import { createWorkers, type FakeWorkers, turn } from "./fake_workers.ts";

/** Has as many processes as there are become ready. */
async function startAll(workers: FakeWorkers): Promise<void> {
  for (const child of workers.children) if (child.received.length === 0) await child.start();
}

describe("a request for a new process", () => {
  test("gets one for itself, started then, which ends with it", async () => {
    await using workers = await createWorkers();
    const { ask, askNew, warm } = createPool(workers);
    const shared = await warm();
    const attempt = askNew("slow");
    expect([attempt.isServed, workers.children.length]).toEqual([false, 2]);
    await workers.last.start();
    const { pid } = workers.last;
    expect(attempt.slot?.pid).toBe(pid);
    expect(placesOf([ask(), ask(), ask()])).toEqual([shared.pid, shared.pid, undefined]);
    await turn();
    expect(workers.last.told).toMatchObject([{ kind: "preload", task: "slow" }, { kind: "call" }]);
    workers.last.reply(1);
    expect([attempt.ending?.kind, workers.last.isHungUp]).toEqual(["replied", true]);
  });

  test("gets none that has run anything, though it has nothing to do", async () => {
    await using workers = await createWorkers();
    const { ask, askNew, warm } = createPool(workers);
    const shared = await warm();
    ask();
    await turn();
    shared.reply(1);
    expect([askNew().slot, workers.children.length]).toEqual([undefined, 2]);
  });

  test("waits while all such processes are taken, and is served when one is free", async () => {
    await using workers = await createWorkers();
    const { pool, askNew } = createPool(workers, { maxAttemptProcesses: 2 });
    const attempts = [askNew(), askNew(), askNew(), askNew()];
    expect(workers.children.length).toBe(2);
    await startAll(workers);
    expect(placesOf(attempts)).toEqual([1_000, 1_001, undefined, undefined]);
    expect(pool.snapshot.queueLength).toBe(2);
    await turn();
    workers.children[1]?.reply(1);
    expect(workers.children.length).toBe(2);
    await workers.children[1]?.exit();
    expect(workers.children.length).toBe(3);
    await workers.last.start();
    expect(placesOf(attempts)).toEqual([1_000, 1_001, 1_002, undefined]);
  });

  test("is beyond the limit of shared processes, and they are beyond its own", async () => {
    await using workers = await createWorkers();
    const { ask, askNew, warm } = createPool(workers, { maxProcesses: 1, maxAttemptProcesses: 1 });
    await warm();
    const attempts = [askNew(), askNew()];
    await workers.last.start();
    expect([ask().slot?.pid, placesOf(attempts)]).toEqual([1_000, [1_001, undefined]]);
    expect(workers.children.length).toBe(2);
  });

  test("that is overdue keeps its process until it has ended", async () => {
    await using workers = await createWorkers();
    const { askNew } = createPool(workers, { maxAttemptProcesses: 1 });
    const [first, second] = [askNew(), askNew()];
    await workers.last.start();
    first.slot?.overdue();
    expect([workers.children.length, workers.last.isHungUp]).toEqual([1, false]);
    await turn();
    workers.last.reply(1);
    await workers.last.exit();
    await workers.last.start();
    expect(second.slot?.pid).toBe(1_001);
  });

  test("whose process dies before it is ready gets another", async () => {
    await using workers = await createWorkers();
    const { pool, askNew } = createPool(workers);
    const attempt = askNew();
    await workers.last.exit({ code: 1 });
    expect([workers.children.length, attempt.refusal]).toEqual([2, undefined]);
    await workers.last.start();
    expect([attempt.slot?.pid, pool.startFailure]).toEqual([workers.last.pid, undefined]);
  });

  test("waits while processes do not start, where others are refused", async () => {
    await using workers = await createWorkers();
    const { clock, ask, askNew } = createPool(workers);
    const [first, attempt] = [ask(), askNew()];
    for (let death = 0; death < 4; death++) await workers.children[death]?.exit({ code: 1 });
    const late = askNew();
    expect([first.refusal?.kind, attempt.refusal, late.refusal])
      .toEqual(["unavailable", undefined, undefined]);
    clock.advance(1_999);
    expect(workers.children.length).toBe(4);
    clock.advance(1);
    expect(workers.children.length).toBe(6);
    for (const child of workers.children.slice(4)) await child.start();
    expect(placesOf([attempt, late])).toEqual([1_004, 1_005]);
  });

  test("waits in a queue of its own, which has no limit", async () => {
    await using workers = await createWorkers();
    const { ask, askNew, warm } = createPool(workers, { maxQueue: 1, maxAttemptProcesses: 1 });
    await warm();
    const attempts = [askNew(), askNew(), askNew()];
    expect(attempts.map(({ refusal }) => refusal)).toEqual([undefined, undefined, undefined]);
    ask();
    ask();
    expect([ask().refusal, ask().refusal?.kind]).toEqual([undefined, "queue-full"]);
  });

  test("that is taken back leaves a process that serves the next", async () => {
    await using workers = await createWorkers();
    const { askNew } = createPool(workers);
    askNew().cancel();
    const next = askNew();
    await workers.last.start();
    expect([next.slot?.pid, workers.children.length]).toEqual([1_000, 1]);
  });
});

describe("a call of a further attempt that is given back", () => {
  test("gets another new process; the blocked one ends", async () => {
    await using workers = await createWorkers();
    const { clock, askNew } = createPool(workers);
    const attempt = askNew();
    const [blocked] = workers.children;
    blocked?.connect();
    if (blocked) blocked.isBlocked = true;
    await turn();
    clock.advance(1_000);
    expect([attempt.returns, blocked?.signals]).toEqual([1, ["SIGTERM"]]);
    await workers.last.start();
    expect([attempt.slot?.pid, workers.children.length]).toEqual([1_001, 2]);
  });
});

describe("ReleasePool.expect()", () => {
  test("has a process ready, with the task loaded, by the time it is asked for", async () => {
    await using workers = await createWorkers();
    const { announce, pool } = createPool(workers);
    const attempt = announce("slow");
    expect([workers.children.length, pool.snapshot.queueLength]).toEqual([1, 0]);
    await workers.last.start();
    expect([attempt.slot, workers.last.told]).toEqual([
      undefined,
      [{ kind: "preload", task: "slow" }],
    ]);
    attempt.request();
    expect([attempt.isServed, attempt.slot?.pid, workers.children.length]).toEqual([
      true,
      1_000,
      1,
    ]);
  });

  test("gives each the process that has loaded its task, where there is one", async () => {
    await using workers = await createWorkers();
    const { announce } = createPool(workers);
    const [hello, slow] = [announce("hello"), announce("slow")];
    await startAll(workers);
    slow.request();
    hello.request();
    expect(placesOf([hello, slow])).toEqual([1_000, 1_001]);
  });

  test("that is still starting serves whoever asks first", async () => {
    await using workers = await createWorkers();
    const { announce, askNew } = createPool(workers, { maxAttemptProcesses: 1 });
    const expected = announce();
    const first = askNew();
    expected.request();
    expect(workers.children.length).toBe(1);
    await workers.last.start();
    expect([first.slot?.pid, expected.slot]).toEqual([1_000, undefined]);
  });

  test("that is taken back leaves a spare, which ends when it has been idle", async () => {
    await using workers = await createWorkers();
    const { announce, causes, clock } = createPool(workers, { idleMs: 60_000 });
    const attempt = announce();
    await workers.last.start();
    clock.advance(120_000);
    expect(workers.last.isHungUp).toBe(false);
    attempt.cancel();
    clock.advance(1_000);
    expect(workers.last.isHungUp).toBe(true);
    await workers.last.exit();
    expect([causes, workers.children.length, clock.pending]).toEqual([["idle"], 1, 0]);
  });

  test("that is taken back leaves a spare, which the queue has instead of a start", async () => {
    await using workers = await createWorkers();
    const { announce, ask, warm } = createPool(workers, { processConcurrency: 1 });
    const shared = await warm();
    const attempt = announce();
    await workers.last.start();
    const running = ask();
    running.slot?.overdue();
    const waiting = ask();
    expect([waiting.slot, workers.children.length]).toEqual([undefined, 3]);
    attempt.cancel();
    await workers.last.exit({ code: 1 });
    expect([running.slot?.pid, waiting.slot?.pid, workers.children.length])
      .toEqual([shared.pid, 1_001, 3]);
    await turn();
    workers.children[1]?.reply(1);
    expect(workers.children[1]?.isHungUp).toBe(false);
  });

  test("starts none beyond those that may be, nor for those there are already", async () => {
    await using workers = await createWorkers();
    const { announce } = createPool(workers, { maxAttemptProcesses: 2 });
    const attempts = [announce(), announce(), announce()];
    expect(workers.children.length).toBe(2);
    attempts[0]?.cancel();
    announce();
    expect(workers.children.length).toBe(2);
  });
});
