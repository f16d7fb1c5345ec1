import { describe, expect, test } from "bun:test";
import { createPool, isSettled, longWaitMs, placesOf } from "./created_pool.ts";
import { createWorkers, turn } from "./fake_workers.ts";

const unavailable = { kind: "unavailable", failure: { code: "start_failed" } };

describe("processes that die before they are ready", () => {
  test("are replaced twice; then those who wait are refused, with the reason", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers);
    const asker = ask();
    for (let death = 1; death <= 3; death++) {
      expect([workers.children.length, asker.refusal]).toEqual([death, undefined]);
      workers.last.print("stderr", "no luck\n");
      await workers.last.exit({ code: 1 });
    }
    expect(asker.refusal).toMatchObject({ ...unavailable, retryAfterMs: 1_000 });
    expect(JSON.stringify(asker.refusal)).toContain("no luck");
    expect([workers.children.length, pool.snapshot.queueLength]).toEqual([3, 0]);
    expect(ask().refusal).toMatchObject(unavailable);
  });

  test("count as early deaths when they had to be killed", async () => {
    await using workers = await createWorkers();
    const { clock, pool, ask } = createPool(workers, { maxOverdueProcesses: 0 });
    const asker = ask();
    const described = pool.describe();
    for (let death = 1; death <= 3; death++) {
      clock.advance(15_000);
      expect(workers.last.signals).toEqual(["SIGTERM", "SIGKILL"]);
      await workers.last.exit({ signal: "SIGKILL" });
    }
    expect([workers.children.length, await described]).toEqual([3, undefined]);
    expect(asker.refusal).toMatchObject(unavailable);
  });

  test("are tried again, one at a time, once the back-off is over", async () => {
    await using workers = await createWorkers();
    const { clock, ask } = createPool(workers);
    ask();
    for (let death = 1; death <= 3; death++) await workers.last.exit({ code: 1 });
    clock.advance(1_000);
    const asker = ask();
    expect(workers.children.length).toBe(4);
    await workers.last.exit({ code: 1 });
    expect(asker.refusal).toMatchObject({ ...unavailable, retryAfterMs: 2_000 });
    clock.advance(2_000);
    const lucky = ask();
    await workers.last.start();
    expect(lucky.slot?.pid).toBe(workers.last.pid);
  });

  test("are forgotten once one is ready", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers);
    const asker = ask();
    for (let death = 1; death <= 2; death++) await workers.last.exit({ code: 1 });
    await workers.last.start();
    expect([asker.slot?.pid, pool.startFailure]).toEqual([workers.last.pid, undefined]);
    await workers.last.exit({ code: 1 });
    const next = ask();
    for (let death = 1; death <= 2; death++) await workers.last.exit({ code: 1 });
    expect([next.refusal, workers.children.length]).toEqual([undefined, 6]);
  });

  test("refuse at once when the system starts no process", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers);
    workers.isOutOfProcesses = true;
    const asker = ask();
    expect(asker.refusal).toMatchObject(unavailable);
    expect(JSON.stringify(asker.refusal)).toContain("Cannot fork");
    expect([await pool.describe(), pool.snapshot.queueLength]).toEqual([undefined, 0]);
  });
});

describe("a process that crashes", () => {
  test("tells its calls, and is replaced for those who wait", async () => {
    await using workers = await createWorkers();
    const { ask, warm } = createPool(workers);
    const child = await warm();
    const askers = [ask(), ask(), ask()];
    await turn();
    await child.exit({ code: 1 });
    expect(askers.map(({ ending }) => ending?.kind)).toEqual(["died", "died", undefined]);
    expect(workers.children.length).toBe(2);
    await workers.last.start();
    expect(askers[2]?.slot?.pid).toBe(workers.last.pid);
  });

  test("is not replaced while nobody waits", async () => {
    await using workers = await createWorkers();
    const { warm } = createPool(workers);
    await (await warm()).exit({ code: 1 });
    expect(workers.children.length).toBe(1);
  });

  test("for the sake of one call names it to the others", async () => {
    await using workers = await createWorkers();
    const { ask, warm } = createPool(workers);
    const child = await warm();
    const [culprit, neighbour] = [ask(), ask()];
    await turn();
    culprit.slot?.kill("it ran too long");
    expect(child.signals).toEqual(["SIGTERM"]);
    await child.exit({ signal: "SIGTERM" });
    expect(culprit.ending).toMatchObject({ kind: "died", state: "KILLED" });
    expect(JSON.stringify(neighbour.ending)).toContain("taken down by trace");
  });
});

describe("ReleasePool.drain()", () => {
  test("ends idle processes, and waits for them", async () => {
    await using workers = await createWorkers();
    const { pool, warm } = createPool(workers);
    const child = await warm();
    const drained = pool.drain();
    expect([child.isHungUp, await isSettled(drained)]).toEqual([true, false]);
    await child.exit();
    await drained;
  });

  test("lets run what runs, and serves what waits", async () => {
    await using workers = await createWorkers();
    const { pool, ask, warm } = createPool(workers, { processConcurrency: 1 });
    const child = await warm();
    const askers = [ask(), ask()];
    const drained = pool.drain();
    expect(child.isHungUp).toBe(false);
    await turn();
    child.reply(child.calls[0] ?? 0);
    expect([placesOf(askers), child.isHungUp]).toEqual([[child.pid, child.pid], false]);
    await turn();
    child.reply(child.calls[1] ?? 0);
    expect(child.isHungUp).toBe(true);
    await child.exit();
    await drained;
    expect(askers.map(({ ending }) => ending?.kind)).toEqual(["replied", "replied"]);
  });

  test("is over at once where nothing was started", async () => {
    await using workers = await createWorkers();
    await createPool(workers).pool.drain();
    expect(workers.children).toEqual([]);
  });

  test("ends a process that starts for nobody", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers);
    ask().cancel();
    const drained = pool.drain();
    expect(workers.last.signals).toEqual(["SIGTERM"]);
    await workers.last.exit({ signal: "SIGTERM" });
    await drained;
    expect(workers.children.length).toBe(1);
  });

  test("ends its processes when the last that waits is taken back", async () => {
    await using workers = await createWorkers();
    const { pool, ask, warm } = createPool(workers, { processConcurrency: 4 });
    const child = await warm();
    ask("slow", 1);
    const waiting = ask("slow", 1);
    const drained = pool.drain();
    await turn();
    waiting.cancel();
    child.reply(child.calls[0] ?? 0);
    expect(child.isHungUp).toBe(true);
    await child.exit();
    await drained;
  });

  test("ends a process that starts when the last that waits is taken back", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers);
    const waiting = ask();
    const drained = pool.drain();
    expect(workers.last.signals).toEqual([]);
    waiting.cancel();
    expect(workers.last.signals).toEqual(["SIGTERM"]);
    await workers.last.exit({ signal: "SIGTERM" });
    await drained;
  });

  test("starts another process for what waits when one dies", async () => {
    await using workers = await createWorkers();
    const { pool, ask, warm } = createPool(workers, { processConcurrency: 1 });
    await warm();
    const askers = [ask(), ask()];
    const drained = pool.drain();
    await turn();
    await workers.last.exit({ code: 1 });
    expect([workers.children.length, await isSettled(drained)]).toEqual([2, false]);
    await workers.last.start();
    expect(askers[1]?.slot?.pid).toBe(workers.last.pid);
    await turn();
    workers.last.reply(workers.last.calls[0] ?? 0);
    expect(workers.last.isHungUp).toBe(true);
    await workers.last.exit();
    await drained;
  });

  test("tries again for what waits when a process dies early, and refuses it in the end", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers);
    const asker = ask();
    const drained = pool.drain();
    for (let death = 1; death <= 3; death++) {
      expect([workers.children.length, await isSettled(drained)]).toEqual([death, false]);
      await workers.last.exit({ code: 1 });
    }
    await drained;
    expect(asker.refusal).toMatchObject(unavailable);
  });

  test("still serves a request that came before and asks only then", async () => {
    await using workers = await createWorkers();
    const { pool, ask, warm } = createPool(workers);
    const child = await warm();
    const drained = pool.drain();
    await child.exit();
    await drained;
    const late = ask();
    expect([late.refusal, workers.children.length]).toEqual([undefined, 2]);
    await workers.last.start();
    await turn();
    workers.last.reply(workers.last.calls[0] ?? 0);
    expect([late.ending?.kind, workers.last.isHungUp]).toEqual(["replied", true]);
  });
});

describe("ReleasePool.close()", () => {
  test("refuses what waits and ends what runs as interrupted", async () => {
    await using workers = await createWorkers();
    const { clock, pool, ask, warm } = createPool(workers, { processConcurrency: 1 });
    const child = await warm();
    const askers = [ask(), ask()];
    const closed = pool.close();
    expect([askers[1]?.refusal, child.signals]).toEqual([
      { kind: "stopping" },
      ["SIGTERM", "SIGKILL"],
    ]);
    expect(await isSettled(closed)).toBe(false);
    await child.exit({ signal: "SIGKILL" });
    await closed;
    expect(askers[0]?.ending).toMatchObject({ kind: "died", state: "INTERRUPTED" });
    expect([clock.pending, workers.children.length]).toEqual([0, 1]);
  });

  test("starts nothing any more, even while processes end", async () => {
    await using workers = await createWorkers();
    const { pool, ask, warm } = createPool(workers);
    const child = await warm();
    const closed = pool.close();
    const during = ask();
    await child.exit({ signal: "SIGKILL" });
    await closed;
    expect([during.refusal, ask().refusal]).toEqual([{ kind: "stopping" }, { kind: "stopping" }]);
    expect(workers.children.length).toBe(1);
  });

  test("ends a drain", async () => {
    await using workers = await createWorkers();
    const { pool, ask, warm } = createPool(workers);
    const child = await warm();
    const running = ask();
    const drained = pool.drain();
    const closed = pool.close();
    await child.exit({ signal: "SIGKILL" });
    await Promise.all([drained, closed]);
    expect(running.ending).toMatchObject({ state: "INTERRUPTED" });
  });

  test("may be called twice", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers);
    await pool.close();
    await pool.close();
  });
});

test("ReleasePool.abortAll() reaches every call of every process", async () => {
  await using workers = await createWorkers();
  const { clock, pool, ask, askNew, warm } = createPool(workers, {
    maxProcesses: 2,
    processConcurrency: 1,
  });
  await warm();
  ask();
  ask();
  clock.advance(longWaitMs);
  await workers.last.start();
  askNew();
  await workers.last.start();
  pool.abortAll("Draining");
  await turn();
  expect(workers.children.map(({ received }) => received.at(-1))).toMatchObject([
    { kind: "abort", reason: "Draining" },
    { kind: "abort", reason: "Draining" },
    { kind: "abort", reason: "Draining" },
  ]);
});
