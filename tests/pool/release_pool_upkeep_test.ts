import { describe, expect, test } from "bun:test";
import { createPool, placesOf } from "./created_pool.ts";
import { createWorkers, turn } from "./fake_workers.ts";

const mib = 2 ** 20;

describe("a ReleasePool", () => {
  test("ends its processes when nobody has asked for a while, and starts one again", async () => {
    await using workers = await createWorkers();
    const { causes, clock, pool, ask, warm } = createPool(workers, { idleMs: 60_000 });
    const child = await warm();
    clock.advance(61_000);
    expect([child.isHungUp, pool.snapshot.processes.stopping]).toEqual([true, 1]);
    await child.exit();
    expect([causes, clock.pending]).toEqual([["idle"], 0]);
    const asker = ask();
    await workers.last.start();
    expect([asker.slot?.pid, workers.children.length]).toEqual([1_001, 2]);
  });

  test("keeps as many idle processes as it is to keep", async () => {
    await using workers = await createWorkers();
    const { clock, pool } = createPool(workers, {
      minProcesses: 1,
      maxProcesses: 2,
      idleMs: 1_000,
    });
    pool.open();
    await workers.last.start();
    clock.advance(60_000);
    expect([workers.last.isHungUp, pool.snapshot.processes.ready]).toEqual([false, 1]);
  });

  test("replaces a worn process that is at work, and lets it finish", async () => {
    await using workers = await createWorkers();
    const { clock, ask, logged, warm } = createPool(workers, { maxInvocations: 2 });
    const child = await warm();
    const askers = [ask(), ask()];
    await turn();
    clock.advance(2_000);
    expect([workers.children.length, child.isHungUp]).toEqual([2, false]);
    expect(logged).toEqual([["worker.recycled", { pid: child.pid, cause: "worn" }]]);
    await workers.last.start();
    expect(ask().slot?.pid).toBe(workers.last.pid);
    for (const id of child.calls) child.reply(id);
    expect([askers.map(({ ending }) => ending?.kind), child.isHungUp])
      .toEqual([["replied", "replied"], true]);
  });

  test("replaces a worn process that has nothing to do when somebody asks", async () => {
    await using workers = await createWorkers();
    const { causes, clock, ask, warm } = createPool(workers, { maxAgeMs: 5_000 });
    const child = await warm();
    clock.advance(6_000);
    expect([child.isHungUp, workers.children.length]).toEqual([true, 1]);
    await child.exit();
    ask();
    expect([causes, workers.children.length]).toEqual([["worn"], 2]);
  });

  test("recycles no more processes at once than may be beyond its limit", async () => {
    await using workers = await createWorkers();
    const { clock, ask, rss, warm } = createPool(workers, {
      recycleRssBytes: 100 * mib,
      maxOverdueProcesses: 2,
    });
    for (let pid = 1_000; pid < 1_100; pid++) rss.set(pid, 200 * mib);
    await warm();
    for (let second = 0; second < 10; second++) {
      ask();
      await turn();
      clock.advance(1_000);
      if (workers.last.received.length === 0) await workers.last.start();
    }
    expect(workers.children.length).toBe(3);
  });

  test("starts no successor for a worn process that ran a further attempt", async () => {
    await using workers = await createWorkers();
    const { clock, askNew } = createPool(workers, { maxInvocations: 1 });
    const attempt = askNew();
    await workers.last.start();
    await turn();
    clock.advance(5_000);
    expect([attempt.slot?.pid, workers.children.length]).toEqual([1_000, 1]);
    workers.last.reply(1);
    expect(attempt.ending?.kind).toBe("replied");
  });

  test("kills a process over its limit, and starts another for those who wait", async () => {
    await using workers = await createWorkers();
    const { causes, clock, ask, rss, warm } = createPool(workers, { maxRssBytes: 100 * mib });
    const child = await warm();
    const askers = [ask(), ask(), ask()];
    await turn();
    rss.set(child.pid, 101 * mib);
    clock.advance(1_100);
    expect(child.signals.slice(0, 2)).toEqual(["SIGTERM", "SIGKILL"]);
    await child.exit({ signal: "SIGKILL" });
    for (const { ending } of askers.slice(0, 2)) {
      expect(ending).toMatchObject({ kind: "died", state: "KILLED", failure: { code: "memory" } });
    }
    await workers.last.start();
    expect([placesOf(askers).at(2), causes]).toEqual([workers.last.pid, ["memory"]]);
  });
});
