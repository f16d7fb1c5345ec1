import { describe, expect, test } from "bun:test";
import { createPool, longWaitMs, placesOf } from "./created_pool.ts";
import { createWorkers, turn } from "./fake_workers.ts";

describe("how many processes a ReleasePool has", () => {
  test("is as many as are kept, from its opening on", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers, { minProcesses: 2, maxProcesses: 4 });
    pool.open();
    expect(workers.children.length).toBe(1);
    await workers.last.start();
    expect(workers.children.length).toBe(2);
    await workers.last.start();
    expect(pool.snapshot).toMatchObject({ queueLength: 0, processes: { ready: 2 } });
    await workers.last.exit({ code: 1 });
    expect(workers.children.length).toBe(3);
  });

  test("stays one while a queue turns over quickly, however long it is", async () => {
    await using workers = await createWorkers();
    const { clock, pool, ask, warm } = createPool(workers, { maxProcesses: 4, maxQueue: 1_000 });
    const child = await warm();
    const askers = Array.from({ length: 60 }, () => ask());
    for (let ended = 0; ended < 60; ended++) {
      clock.advance(10);
      await turn();
      child.reply(child.calls[ended] ?? 0);
      expect(pool.snapshot.queueLength).toBe(Math.max(0, 57 - ended));
    }
    expect(workers.children.length).toBe(1);
    expect(askers.filter(({ ending }) => ending?.kind === "replied").length).toBe(60);
  });

  test("grows while somebody waits long, one at a time, up to its limit", async () => {
    await using workers = await createWorkers();
    const { clock, ask, warm } = createPool(workers, { maxProcesses: 3, processConcurrency: 1 });
    await warm();
    const askers = Array.from({ length: 5 }, () => ask());
    clock.advance(longWaitMs);
    expect(workers.children.length).toBe(2);
    clock.advance(longWaitMs);
    expect(workers.children.length).toBe(2);
    await workers.last.start();
    clock.advance(longWaitMs * 2);
    expect(workers.children.length).toBe(3);
    await workers.last.start();
    clock.advance(longWaitMs * 10);
    expect(placesOf(askers)).toEqual([1_000, 1_001, 1_002, undefined, undefined]);
    expect(workers.children.length).toBe(3);
  });

  test("grows at once for the first who asks when there is none, however busy it was", async () => {
    await using workers = await createWorkers();
    const { ask, warm } = createPool(workers, { processConcurrency: 1 });
    const child = await warm();
    ask();
    const waited = ask();
    for (const id of [1, 2]) {
      await turn();
      child.reply(id);
    }
    await child.exit({ code: 1 });
    expect([waited.ending?.kind, workers.children.length]).toEqual(["replied", 1]);
    ask();
    expect(workers.children.length).toBe(2);
  });

  test("does not grow for somebody who has left the queue in time", async () => {
    await using workers = await createWorkers();
    const { clock, ask, warm } = createPool(workers, { maxProcesses: 2, processConcurrency: 1 });
    await warm();
    ask();
    const waiting = ask();
    clock.advance(longWaitMs - 1);
    waiting.cancel();
    clock.advance(longWaitMs * 10);
    expect(workers.children.length).toBe(1);
  });

  test("grows beyond one that starts slowly, and no further than its limit", async () => {
    await using workers = await createWorkers();
    const { clock, pool, ask } = createPool(workers, { maxProcesses: 2 });
    pool.describe();
    ask();
    clock.advance(600);
    expect(workers.children.length).toBe(2);
    workers.last.connect();
    await turn();
    expect(workers.last.calls.length).toBe(1);
  });

  test("is never more that are ready than its limit, however slowly they start", async () => {
    await using workers = await createWorkers();
    const { clock, pool, ask } = createPool(workers, { maxProcesses: 1 });
    ask();
    clock.advance(2_000);
    for (const child of workers.children) await child.start();
    expect(pool.snapshot.processes.ready).toBe(1);
  });
});

describe("ReleasePool.request()", () => {
  test("prefers the process that has least to do", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers, {
      minProcesses: 2,
      maxProcesses: 2,
      processConcurrency: 3,
    });
    pool.open();
    await workers.last.start();
    await workers.last.start();
    const [one, other] = workers.children;
    const askers = Array.from({ length: 6 }, () => ask());
    expect(placesOf(askers).filter((pid) => pid === one?.pid).length).toBe(3);
    expect(placesOf(askers.slice(0, 2)).sort()).toEqual([1_000, 1_001]);
    await turn();
    other?.reply(1);
    other?.reply(2);
    one?.reply(1);
    expect(placesOf([ask(), ask(), ask()])).toEqual([1_001, 1_000, 1_001]);
  });

  test("counts a task's own concurrency in each process by itself", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers, {
      minProcesses: 2,
      maxProcesses: 2,
      processConcurrency: 4,
    });
    pool.open();
    await workers.last.start();
    await workers.last.start();
    const askers = [ask("slow", 1), ask("slow", 1), ask("slow", 1), ask()];
    expect(placesOf(askers.slice(0, 2)).sort()).toEqual([1_000, 1_001]);
    expect([askers[2]?.slot, askers[3]?.slot?.pid]).toEqual([undefined, 1_000]);
  });
});

describe("a blocked process", () => {
  test("is replaced; what it has not started runs elsewhere, before all others", async () => {
    await using workers = await createWorkers();
    const { clock, ask, warm } = createPool(workers, { processConcurrency: 2 });
    const child = await warm();
    const culprit = ask();
    await turn();
    child.isBlocked = true;
    const taken = ask();
    const waiting = [ask(), ask()];
    await turn();
    clock.advance(1_000);
    expect([taken.returns, taken.slot, workers.children.length]).toEqual([1, undefined, 2]);
    await workers.last.start();
    const { pid } = workers.last;
    expect(placesOf([culprit, taken, ...waiting])).toEqual([child.pid, pid, pid, undefined]);
  });

  test("gives back into a process with room, at once", async () => {
    await using workers = await createWorkers();
    const { clock, pool, ask } = createPool(workers, {
      minProcesses: 2,
      maxProcesses: 2,
      processConcurrency: 6,
    });
    pool.open();
    await workers.last.start();
    await workers.last.start();
    const [one, other] = workers.children;
    const askers = Array.from({ length: 2 }, () => ask());
    await turn();
    if (one) one.isBlocked = true;
    const later = Array.from({ length: 3 }, () => ask("slow"));
    const lost = later.filter(({ slot }) => slot?.pid === one?.pid);
    await turn();
    expect(lost.length).toBeGreaterThan(0);
    clock.advance(1_000);
    expect(placesOf(askers).sort()).toEqual([1_000, 1_001]);
    expect(lost.map(({ returns }) => returns)).toEqual(lost.map(() => 1));
    expect(placesOf(lost)).toEqual(lost.map(() => other?.pid));
  });

  test("gives back in order where there is room for some of it", async () => {
    await using workers = await createWorkers();
    const { clock, ask, warm } = createPool(workers, {
      maxProcesses: 2,
      processConcurrency: 3,
    });
    const child = await warm();
    ask();
    await turn();
    child.isBlocked = true;
    const [first, second] = [ask(), ask()];
    const waiting = ask();
    clock.advance(longWaitMs);
    const other = workers.last;
    await other.start();
    // One place is left in the other process when the blocked one is found out.
    const third = ask();
    expect(placesOf([waiting, third])).toEqual([other.pid, other.pid]);
    await turn();
    clock.advance(1_000);
    expect([first.returns, second.returns]).toEqual([1, 1]);
    expect([first.slot?.pid, second.slot]).toEqual([other.pid, undefined]);
  });

  test("takes calls again once it turns, and those who wait first", async () => {
    await using workers = await createWorkers();
    const { clock, pool, ask, warm } = createPool(workers, { maxOverdueProcesses: 0 });
    const child = await warm();
    ask();
    await turn();
    child.isBlocked = true;
    clock.advance(1_000);
    const waiting = ask();
    expect([waiting.slot, pool.snapshot.processes.stalled]).toEqual([undefined, 1]);
    child.isBlocked = false;
    child.send({ kind: "pong" });
    clock.advance(100);
    expect([waiting.slot?.pid, pool.snapshot.processes.ready]).toEqual([child.pid, 1]);
    expect(workers.children.length).toBe(1);
  });
});

describe("overdue processes", () => {
  test("are beyond the limit, up to a limit of their own", async () => {
    await using workers = await createWorkers();
    const { clock, ask, warm } = createPool(workers, { maxOverdueProcesses: 2 });
    await warm();
    for (let overdue = 1; overdue <= 3; overdue++) {
      const asker = ask();
      expect(asker.slot?.pid).toBe(workers.last.pid);
      asker.slot?.overdue();
      const next = ask();
      clock.advance(longWaitMs * 4);
      expect(workers.children.length).toBe(Math.min(overdue + 1, 3));
      next.cancel();
      if (overdue < 3) await workers.last.start();
    }
    const waiting = ask();
    clock.advance(60_000);
    expect([waiting.slot, workers.children.length]).toEqual([undefined, 3]);
    await turn();
    const first = workers.children[0];
    first?.reply(1);
    await first?.exit();
    expect(workers.children.length).toBe(4);
    await workers.last.start();
    expect(waiting.slot?.pid).toBe(workers.last.pid);
  });
});
