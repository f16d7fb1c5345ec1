import { describe, expect, test } from "bun:test";
import { createPool, isSettled, longWaitMs } from "./created_pool.ts";
import { loadTimeoutMs } from "./started_process.ts";
import { createWorkers, type FakeChild, shape, turn } from "./fake_workers.ts";

/** A task that loads for this long is waited for by nothing else. */
const slowLoadMs = 500;

/** Has a process reply to what it was sent last. */
async function replyToLast(child: FakeChild): Promise<void> {
  await turn();
  child.reply(child.calls.at(-1) ?? 0);
}

describe("a task whose top level takes its process down", () => {
  test("fails without a process once it is found out; the others are served", async () => {
    await using workers = await createWorkers();
    const { pool, ask, askNew, causes } = createPool(workers);
    const described = pool.describe();
    const waiting = [ask("slow"), ask()];
    workers.last.connect();
    workers.last.load("hello");
    workers.last.send({ kind: "loading", task: "slow" });
    workers.last.print("stderr", "no luck\n");
    await workers.last.exit({ code: 1 });
    expect(waiting[0]?.ending).toMatchObject({
      kind: "failed",
      failure: { code: "load_failed", stack: "no luck\n" },
    });
    expect(await described).toBe(pool.shapes ?? new Map());
    expect([pool.shapeOf("slow")?.kind, pool.startFailure, causes]).toEqual([
      "broken",
      undefined,
      ["exited"],
    ]);
    const late = [ask("slow"), askNew("slow")];
    expect(late.map(({ slot, ending }) => [slot?.pid, ending?.kind])).toEqual([
      [0, "failed"],
      [0, "failed"],
    ]);
    await workers.last.start();
    expect([waiting[1]?.slot?.pid, workers.children.length]).toEqual([workers.last.pid, 2]);
    expect(workers.last.told.map(({ kind }) => kind)).not.toContain("describe");
  });

  test("is looked for one by one where it may be one of several", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers);
    const described = pool.describe();
    workers.last.connect();
    for (const task of ["hello", "slow"]) workers.last.send({ kind: "loading", task });
    await workers.last.exit({ code: 1 });
    workers.last.connect();
    await turn();
    expect(workers.last.told).toEqual([
      { kind: "describe", tasks: ["hello", "slow"], isCareful: true },
    ]);
    workers.last.send({ kind: "loading", task: "hello" });
    await workers.last.exit({ code: 1 });
    await workers.last.start();
    expect([...(await described) ?? []].map(([task, { kind }]) => [task, kind])).toEqual([
      ["hello", "broken"],
      ["slow", "loaded"],
    ]);
    expect(workers.children.length).toBe(3);
  });

  test("is none for which somebody else has killed the process, once", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers);
    const described = pool.describe();
    workers.last.connect();
    workers.last.send({ kind: "loading", task: "hello" });
    await workers.last.exit({ signal: "SIGKILL" });
    await workers.last.start();
    expect([...(await described) ?? []].map(([task, { kind }]) => [task, kind])).toEqual([
      ["hello", "loaded"],
      ["slow", "loaded"],
    ]);
    expect(workers.children.length).toBe(2);
  });

  test("is the one that blocks its process until that is killed", async () => {
    await using workers = await createWorkers();
    const { clock, pool } = createPool(workers);
    const known = pool.describeTask("hello", new AbortController().signal);
    workers.last.connect();
    workers.last.send({ kind: "loading", task: "hello" });
    const [stuck] = workers.children;
    clock.advance(loadTimeoutMs);
    await stuck?.exit({ signal: "SIGKILL" });
    await known;
    expect(pool.shapeOf("hello")?.kind).toBe("broken");
  });

  test("is none that was loading when the pool had no use for the process", async () => {
    await using workers = await createWorkers();
    const { clock, pool, ask } = createPool(workers);
    const waiting = ask();
    workers.last.connect();
    workers.last.send({ kind: "loading", task: "hello" });
    pool.hold();
    const drained = pool.drain();
    waiting.cancel();
    await workers.last.exit({ signal: "SIGTERM" });
    const held = ask();
    expect([held.slot, held.ending]).toEqual([undefined, undefined]);
    clock.advance(longWaitMs);
    await workers.last.start();
    expect(held.slot?.pid).toBe(workers.last.pid);
    await replyToLast(workers.last);
    pool.release();
    expect(await isSettled(drained)).toBe(false);
    await workers.last.exit();
    await drained;
  });
});

describe("a task that is stuck at its top level", () => {
  test("does not hold up what can be found out about the others, nor their requests", async () => {
    await using workers = await createWorkers();
    const { clock, pool, ask } = createPool(workers);
    const { signal } = new AbortController();
    const known = ["slow", "hello"].map((task) => pool.describeTask(task, signal));
    const stuck = workers.last;
    stuck.connect();
    stuck.send({ kind: "loading", task: "slow" });
    clock.advance(slowLoadMs - 1);
    expect(workers.children.length).toBe(1);
    clock.advance(1);
    expect(workers.children.length).toBe(2);
    workers.last.connect();
    await turn();
    expect(workers.last.told).toEqual([
      { kind: "describe", tasks: ["hello"], isCareful: false },
    ]);
    workers.last.load("hello");
    await known[1];
    const asker = ask();
    workers.last.send({ kind: "described" });
    expect([asker.slot?.pid, pool.shapeOf("slow")]).toEqual([workers.last.pid, undefined]);
    stuck.send({ kind: "loaded", task: "slow", shape });
    await Promise.all(known);
    clock.advance(slowLoadMs);
    expect(workers.children.length).toBe(2);
  });

  test("is one that nothing more is started for, once the others are known", async () => {
    await using workers = await createWorkers();
    const { clock, pool } = createPool(workers, { maxProcesses: 4 });
    const described = pool.describe();
    workers.last.connect();
    workers.last.load("hello");
    workers.last.send({ kind: "loading", task: "slow" });
    clock.advance(slowLoadMs * 2);
    expect(workers.children.length).toBe(1);
    workers.last.send({ kind: "loaded", task: "slow", shape });
    workers.last.send({ kind: "described" });
    expect((await described)?.size).toBe(2);
  });

  test("costs no time while tasks follow each other, however many there are", async () => {
    await using workers = await createWorkers();
    const { clock, pool } = createPool(workers, { maxProcesses: 4 });
    const described = pool.describe();
    workers.last.connect();
    workers.last.send({ kind: "loading", task: "hello" });
    clock.advance(slowLoadMs - 1);
    workers.last.send({ kind: "loading", task: "slow" });
    clock.advance(slowLoadMs - 1);
    workers.last.send({ kind: "loaded", task: "slow", shape });
    clock.advance(slowLoadMs - 1);
    workers.last.send({ kind: "loaded", task: "hello", shape });
    await described;
    clock.advance(slowLoadMs);
    expect(workers.children.length).toBe(1);
  });

  test("has nothing started any more once the pool is closed", async () => {
    await using workers = await createWorkers();
    const { clock, pool } = createPool(workers);
    const described = pool.describe();
    workers.last.connect();
    workers.last.send({ kind: "loading", task: "slow" });
    const closed = pool.close();
    clock.advance(slowLoadMs);
    await workers.last.exit({ signal: "SIGKILL" });
    await Promise.all([closed, described]);
    expect([workers.children.length, clock.pending]).toEqual([1, 0]);
  });
});

describe("ReleasePool.describeTask()", () => {
  test("ends as soon as that task is known, which is loaded first", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers);
    const known = pool.describeTask("slow", new AbortController().signal);
    workers.last.connect();
    await turn();
    expect(workers.last.told).toEqual([
      { kind: "describe", tasks: ["slow", "hello"], isCareful: false },
    ]);
    workers.last.load("slow");
    await known;
    expect([pool.shapeOf("slow")?.kind, pool.shapeOf("hello")]).toEqual(["loaded", undefined]);
    await pool.describeTask("slow", new AbortController().signal);
    expect(workers.children.length).toBe(1);
  });

  test("ends with its signal, and waits for nothing where that has aborted", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers);
    await pool.describeTask("slow", AbortSignal.abort());
    expect(workers.children).toEqual([]);
    const leaving = new AbortController();
    const left = pool.describeTask("slow", leaving.signal);
    leaving.abort();
    await left;
    expect(pool.shapeOf("slow")).toBeUndefined();
  });

  test("waits in no queue that is full, of which it is a part", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers, { maxQueue: 2 });
    const { signal } = new AbortController();
    const first = pool.describeTask("slow", signal);
    const asker = ask();
    await pool.describeTask("slow", signal);
    expect([await isSettled(first), ask().refusal]).toEqual([
      false,
      { kind: "queue-full", limit: 2 },
    ]);
    await workers.last.start();
    await first;
    expect(asker.slot?.pid).toBe(workers.last.pid);
  });

  test("waits beside whoever prepares the release, who stands in no queue", async () => {
    await using workers = await createWorkers();
    const { pool, ask } = createPool(workers, { maxQueue: 1 });
    const described = pool.describe();
    const known = pool.describeTask("slow", new AbortController().signal);
    expect([await isSettled(known), ask().refusal]).toEqual([
      false,
      { kind: "queue-full", limit: 1 },
    ]);
    await workers.last.start();
    await Promise.all([described, known]);
  });

  test("ends when no process lives to tell, and at once while none may be started", async () => {
    await using workers = await createWorkers();
    const { pool } = createPool(workers);
    const { signal } = new AbortController();
    const known = pool.describeTask("slow", signal);
    for (let death = 1; death <= 3; death++) await workers.last.exit({ code: 1 });
    await known;
    await pool.describeTask("slow", signal);
    expect(workers.children.length).toBe(3);
  });
});
