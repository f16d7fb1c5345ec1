import { describe, expect, test } from "bun:test";
import { createWorkers, type FakeWorkers, turn } from "./fake_workers.ts";
import { startProcess } from "./started_process.ts";

/** More than enough quick calls to show what a process can do. */
const manyCalls = 200;

/** A process with two places that is known to turn calls over quickly. */
async function startQuick(workers: FakeWorkers, { canShare = true } = {}) {
  const started = startProcess(workers, { processConcurrency: 2 });
  const { child, run } = started;
  child.canShare = canShare;
  child.connect();
  run("long 1");
  for (let count = 0; count < manyCalls; count++) child.reply(run(`quick ${count}`));
  await turn();
  return started;
}

describe("a WorkerProcess that turns calls over quickly", () => {
  test("is sent more than it has places", async () => {
    await using workers = await createWorkers();
    const { process, run } = await startQuick(workers);
    expect([process.calls.capacity, process.calls.size]).toEqual([8, 1]);
    run("second");
    run("third");
    expect(process.calls.size).toBe(3);
  });

  test("is sent no more than it has places after slow calls", async () => {
    await using workers = await createWorkers();
    const { child, process, clock, run } = await startQuick(workers);
    const slow = [run("slow 1"), run("slow 2"), run("slow 3")];
    clock.advance(11);
    for (const id of slow) child.reply(id);
    expect(process.calls.capacity).toBe(2);
  });

  test("shows nothing by calls that found it idle", async () => {
    await using workers = await createWorkers();
    const { child, process, run } = startProcess(workers, { processConcurrency: 2 });
    child.connect();
    for (let count = 0; count < manyCalls; count++) child.reply(run(`quick ${count}`));
    expect(process.calls.capacity).toBe(2);
  });

  test("gives back what found no place, in order, and is sent no more than it has places", async () => {
    await using workers = await createWorkers();
    const { child, process, told, endings, run } = await startQuick(workers);
    const ids = ["second", "third", "fourth"].map((name) => run(name));
    child.send({ kind: "returned", ids: ids.slice(1) });
    expect(told.returned).toEqual([["third", "fourth"]]);
    expect([process.calls.capacity, process.calls.size]).toEqual([2, 2]);
    expect(endings["third"]).toBeUndefined();
  });

  test("is ended when it gives back what there is a place for: it would come again for ever", async () => {
    await using workers = await createWorkers();
    const { child, process, run } = await startQuick(workers);
    child.send({ kind: "returned", ids: [run("second")] });
    expect([child.signals, process.state]).toEqual([["SIGTERM", "SIGKILL"], "stopping"]);
  });

  test("may give back what has been taken from it in the meantime", async () => {
    await using workers = await createWorkers();
    const { child, process, told, run } = await startQuick(workers);
    const ended = run("second");
    child.reply(ended);
    child.send({ kind: "returned", ids: [ended, 4_711] });
    expect([told.returned, process.state]).toEqual([[], "ready"]);
  });

  test("ends when it retires, has given back what waited and replied to the rest", async () => {
    await using workers = await createWorkers();
    const { child, process, told, run } = await startQuick(workers);
    const [second, third] = [run("second"), run("third")];
    process.retire();
    child.send({ kind: "returned", ids: [third] });
    child.reply(1);
    expect([told.returned, child.isHungUp]).toEqual([[["third"]], false]);
    child.reply(second);
    expect([child.isHungUp, process.state]).toEqual([true, "stopping"]);
  });

  test("is sent no more than it has places once it was blocked", async () => {
    await using workers = await createWorkers();
    const { child, process, run, watch } = await startQuick(workers);
    child.isBlocked = true;
    run("second");
    watch(900);
    expect([process.state, process.calls.capacity]).toEqual(["stalled", 2]);
  });

  test("is sent no more than it has places where it cannot show what it has started", async () => {
    await using workers = await createWorkers();
    const { process } = await startQuick(workers, { canShare: false });
    expect(process.calls.capacity).toBe(2);
  });
});
