import { describe, expect, test } from "bun:test";
import { createPool, placesOf } from "./created_pool.ts";
import { createWorkers, type FakeWorkers, turn } from "./fake_workers.ts";

/** More than enough quick calls to show what a process can do. */
const manyCalls = 200;

/** A pool whose one process has one place and is known to turn calls over quickly. */
async function createQuickPool(workers: FakeWorkers) {
  const created = createPool(workers, { maxProcesses: 2, processConcurrency: 1 });
  const child = await created.warm();
  const runQuickly = async () => {
    const asker = created.ask();
    await turn();
    child.reply(child.calls.at(-1) ?? 0);
    return asker.ending?.kind;
  };
  for (let count = 0; count < manyCalls; count++) expect(await runQuickly()).toBe("replied");
  return { ...created, child };
}

describe("a ReleasePool with a quick process", () => {
  test("has it wait for the next calls there, and the others in the queue", async () => {
    await using workers = await createWorkers();
    const { pool, ask, child } = await createQuickPool(workers);
    const askers = Array.from({ length: 6 }, () => ask());
    expect(placesOf(askers)).toEqual([...Array(4).fill(child.pid), undefined, undefined]);
    expect(pool.snapshot.queueLength).toBe(2);
  });

  test("serves what it gives back before the others, in order", async () => {
    await using workers = await createWorkers();
    const { pool, ask, child } = await createQuickPool(workers);
    const askers = Array.from({ length: 5 }, () => ask());
    await turn();
    const [running = 0, ...waiting] = child.calls.slice(-4);
    child.send({ kind: "returned", ids: waiting });
    expect(askers.map(({ returns }) => returns)).toEqual([0, 1, 1, 1, 0]);
    expect(pool.snapshot.queueLength).toBe(4);
    const served: number[] = [];
    for (let next = running, count = 0; count < askers.length; count++) {
      child.reply(next);
      served.push(askers.findIndex(({ ending }, index) => ending && !served.includes(index)));
      await turn();
      next = child.calls.at(-1) ?? 0;
    }
    expect(served).toEqual([0, 1, 2, 3, 4]);
  });

  test("starts another process for what has waited for long all the same", async () => {
    await using workers = await createWorkers();
    const { clock, ask, child } = await createQuickPool(workers);
    const askers = Array.from({ length: 3 }, () => ask());
    await turn();
    child.send({ kind: "returned", ids: child.calls.slice(-2) });
    expect(workers.children.length).toBe(1);
    clock.advance(200);
    expect(workers.children.length).toBe(2);
    await workers.last.start();
    expect(placesOf(askers)).toEqual([child.pid, workers.last.pid, undefined]);
  });

  test("prefers a process with a place", async () => {
    await using workers = await createWorkers();
    const { clock, ask, child } = await createQuickPool(workers);
    ask();
    const waiting = [ask(), ask(), ask(), ask()];
    clock.advance(200);
    await workers.last.start();
    expect(workers.children.length).toBe(2);
    expect(placesOf(waiting)).toEqual([child.pid, child.pid, child.pid, workers.last.pid]);
    await turn();
    workers.last.reply(workers.last.calls.at(-1) ?? 0);
    expect(ask().slot?.pid).toBe(workers.last.pid);
  });
});
