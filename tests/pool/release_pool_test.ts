import { describe, expect, test } from "bun:test";
import { createPool, longWaitMs, placesOf } from "./created_pool.ts";
import { createWorkers, shapes, turn } from "./fake_workers.ts";

describe("ReleasePool", () => {
  test("starts nothing before anybody asks", async () => {
    await using workers = await createWorkers();
    createPool(workers);
    await turn();
    expect(workers.children).toEqual([]);
  });

  test("starts one process for those who ask, and serves them in order", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers);
    const askers = [ask(), ask(), ask()];
    expect([workers.children.length, pool.snapshot.queueLength]).toEqual([1, 3]);
    await workers.last.start();
    const { pid } = workers.last;
    expect(placesOf(askers)).toEqual([pid, pid, undefined]);
    await turn();
    workers.last.reply(workers.last.calls[0] ?? 0);
    expect(placesOf(askers)).toEqual([pid, pid, pid]);
    expect([pool.snapshot.queueLength, askers[0]?.ending?.kind]).toEqual([0, "replied"]);
  });

  test("gives a place at once where there is room", async () => {
    await using workers = await createWorkers();
    const { ask, warm } = createPool(workers);
    const { pid } = await warm();
    const asker = ask();
    expect([asker.slot?.pid, asker.isServed]).toEqual([pid, true]);
  });

  test("lets a request be taken back while it waits", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers);
    const [first, second] = [ask(), ask()];
    first.cancel();
    first.cancel();
    expect(pool.snapshot.queueLength).toBe(1);
    await workers.last.start();
    expect([first.slot, first.refusal, second.slot?.pid])
      .toEqual([undefined, undefined, workers.last.pid]);
  });

  test("refuses what its queue cannot hold, and tells the limit", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers, { maxQueue: 2 });
    const askers = [ask(), ask(), ask()];
    expect(askers.map(({ refusal }) => refusal)).toEqual([
      undefined,
      undefined,
      { kind: "queue-full", limit: 2 },
    ]);
    askers[0]?.cancel();
    expect([ask().refusal, pool.snapshot.queueLength]).toEqual([undefined, 2]);
  });

  test("starts more processes up to its limit, one at a time", async () => {
    await using workers = await createWorkers();
    const { clock, ask } = createPool(workers, { maxProcesses: 2, processConcurrency: 1 });
    const askers = [ask(), ask(), ask()];
    expect(workers.children.length).toBe(1);
    await workers.last.start();
    clock.advance(longWaitMs * 2);
    expect(workers.children.length).toBe(2);
    await workers.last.start();
    expect(placesOf(askers)).toEqual([1_000, 1_001, undefined]);
    clock.advance(longWaitMs * 10);
    expect(workers.children.length).toBe(2);
  });
});

describe("ReleasePool.describe()", () => {
  test("starts a process to find out, once for all who ask, and keeps the answer", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers);
    expect(pool.shapes).toBeUndefined();
    const both = Promise.all([pool.describe(), pool.describe()]);
    expect(workers.children.length).toBe(1);
    await workers.last.start();
    expect(await both).toEqual([shapes, shapes]);
    expect([await pool.describe(), pool.shapes]).toEqual([shapes, shapes]);
    expect(workers.children.length).toBe(1);
  });

  test("asks the first process only", async () => {
    await using workers = await createWorkers();
    const { clock, ask, warm } = createPool(workers, { maxProcesses: 2, processConcurrency: 1 });
    const first = await warm();
    ask();
    const second = ask();
    clock.advance(longWaitMs);
    workers.last.connect();
    await turn();
    expect(second.slot?.pid).toBe(workers.last.pid);
    expect([first, workers.last].map(({ told }) => told.map(({ kind }) => kind)))
      .toEqual([["describe", "call"], ["call"]]);
  });

  test("gives undefined when no process lives to tell", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers);
    const described = pool.describe();
    for (let death = 0; death < 3; death++) await workers.last.exit({ code: 1 });
    expect(await described).toBeUndefined();
    expect(pool.startFailure?.message).toContain("exit code 1");
    expect(await pool.describe()).toBeUndefined();
    expect(workers.children.length).toBe(3);
  });

  test("is over when the pool closes", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers);
    const described = pool.describe();
    const closed = pool.close();
    await workers.last.exit({ signal: "SIGKILL" });
    await closed;
    expect(await described).toBeUndefined();
  });
});

describe("a task's own concurrency", () => {
  test("limits its invocations in one process", async () => {
    await using workers = await createWorkers();
    const { ask, warm } = createPool(workers, { processConcurrency: 4 });
    const child = await warm();
    const askers = [ask("slow", 1), ask("slow", 1)];
    expect(placesOf(askers)).toEqual([child.pid, undefined]);
    await turn();
    child.reply(child.calls[0] ?? 0);
    expect(placesOf(askers)).toEqual([child.pid, child.pid]);
  });

  test("does not hold up other tasks", async () => {
    await using workers = await createWorkers();
    const { pool, ask, warm } = createPool(workers, { processConcurrency: 4 });
    const child = await warm();
    const askers = [ask("slow", 1), ask("slow", 1), ask(), ask()];
    expect(placesOf(askers)).toEqual([child.pid, undefined, child.pid, child.pid]);
    expect(pool.snapshot.queueLength).toBe(1);
  });

  test("does not hold up other tasks that wait with it", async () => {
    await using workers = await createWorkers();
    const { ask } = createPool(workers, { processConcurrency: 4 });
    const askers = [ask("slow", 1), ask("slow", 1), ask()];
    await workers.last.start();
    const { pid } = workers.last;
    expect(placesOf(askers)).toEqual([pid, undefined, pid]);
  });
});

describe("an overdue invocation", () => {
  test("keeps its process from new calls, and makes room for another", async () => {
    await using workers = await createWorkers();
    const { ask, warm } = createPool(workers);
    const child = await warm();
    const running = ask();
    running.slot?.overdue();
    const next = ask();
    expect([next.slot, workers.children.length]).toEqual([undefined, 2]);
    await workers.last.start();
    expect(next.slot?.pid).toBe(workers.last.pid);
    child.reply(child.calls[0] ?? 0);
    expect([running.ending?.kind, child.isHungUp]).toEqual(["replied", true]);
  });

  test("makes room for those who wait already", async () => {
    await using workers = await createWorkers();
    const { ask, warm } = createPool(workers, { processConcurrency: 1 });
    await warm();
    const running = ask();
    const waiting = ask();
    expect(workers.children.length).toBe(1);
    running.slot?.overdue();
    expect(workers.children.length).toBe(2);
    await workers.last.start();
    expect(waiting.slot?.pid).toBe(workers.last.pid);
  });
});
