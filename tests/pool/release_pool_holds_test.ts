import { describe, expect, test } from "bun:test";
import { createPool, isSettled } from "./created_pool.ts";
import { createWorkers, type FakeWorkers, turn } from "./fake_workers.ts";

/** Has as many processes as there are become ready. */
async function startAll(workers: FakeWorkers): Promise<void> {
  for (const child of workers.children) if (child.received.length === 0) await child.start();
}

describe("draining a ReleasePool", () => {
  test("serves further attempts that wait or will come, and ends then", async () => {
    await using workers = await createWorkers();
    const { pool, announce, askNew } = createPool(workers);
    const [waiting, expected] = [askNew(), announce()];
    const drained = pool.drain();
    await startAll(workers);
    expect([waiting.slot?.pid, await isSettled(drained)]).toEqual([1_000, false]);
    workers.children[0]?.reply(1);
    await workers.children[0]?.exit();
    expected.request();
    expect(expected.slot?.pid).toBe(1_001);
    await turn();
    workers.children[1]?.reply(1);
    await workers.children[1]?.exit();
    await drained;
    expect(workers.children.length).toBe(2);
  });

  test("ends a process whose attempt will not come", async () => {
    await using workers = await createWorkers();
    const { pool, announce } = createPool(workers);
    const expected = announce();
    await workers.last.start();
    const drained = pool.drain();
    expect(workers.last.isHungUp).toBe(false);
    expected.cancel();
    expect(workers.last.isHungUp).toBe(true);
    await workers.last.exit();
    await drained;
  });

  test("waits for those who hold it, and serves what they send", async () => {
    await using workers = await createWorkers();
    const { pool, ask, warm } = createPool(workers);
    const child = await warm();
    pool.hold();
    pool.hold();
    const drained = pool.drain();
    await child.exit();
    expect(await isSettled(drained)).toBe(false);
    const late = ask();
    pool.release();
    await workers.last.start();
    await turn();
    workers.last.reply(1);
    expect([late.ending?.kind, workers.last.isHungUp]).toEqual(["replied", true]);
    await workers.last.exit();
    expect(await isSettled(drained)).toBe(false);
    pool.release();
    await drained;
  });

  test("starts none of those that are kept without any request", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers, { minProcesses: 1 });
    pool.open();
    const [child] = workers.children;
    await child?.start();
    ask();
    const drained = pool.drain();
    await turn();
    child?.reply(1);
    await child?.exit();
    expect(workers.children.length).toBe(1);
    await drained;
  });

  test("gives up a description that only it would have been for", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers);
    const described = pool.describe();
    const drained = pool.drain();
    await workers.last.exit({ signal: "SIGTERM" });
    await turn();
    expect([await isSettled(described), await isSettled(drained)]).toEqual([true, true]);
    expect(workers.children.length).toBe(1);
  });
});

describe("closing a ReleasePool", () => {
  test("refuses whoever waits, and whoever is expected once it asks", async () => {
    await using workers = await createWorkers();
    const { clock, pool, announce, ask, askNew } = createPool(workers);
    const asked = [ask(), askNew()];
    const expected = announce();
    const described = pool.describeTask("hello", new AbortController().signal);
    const closed = pool.close();
    expected.request();
    for (const child of workers.children) await child.exit({ signal: "SIGKILL" });
    await Promise.all([closed, described]);
    const stopping = { kind: "stopping" } as const;
    expect([...asked, expected].map(({ refusal }) => refusal))
      .toEqual([stopping, stopping, stopping]);
    expect([askNew().refusal, clock.pending]).toEqual([stopping, 0]);
  });

  test("ends a drain that somebody still holds", async () => {
    await using workers = await createWorkers();
    const { pool, warm } = createPool(workers);
    const child = await warm();
    pool.hold();
    const drained = pool.drain();
    const closed = pool.close();
    await child.exit({ signal: "SIGKILL" });
    await closed;
    expect(await isSettled(drained)).toBe(true);
    expect(await isSettled(pool.drain())).toBe(true);
    pool.release();
  });

  test("refuses a call that is given back", async () => {
    await using workers = await createWorkers();
    const { clock, pool, ask, warm } = createPool(workers);
    const child = await warm();
    ask();
    await turn();
    child.isBlocked = true;
    const taken = ask();
    clock.advance(1_000);
    expect(taken.returns).toBe(1);
    const closed = pool.close();
    expect(taken.refusal).toEqual({ kind: "stopping" });
    for (const child of workers.children) await child.exit({ signal: "SIGKILL" });
    await closed;
  });
});
