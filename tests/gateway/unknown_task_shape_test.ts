import { describe, expect, test } from "bun:test";
import { createGateway } from "./support.ts";

/** A gateway before any process has told what its task exports; `tell` does. */
function createUnknown() {
  const all = createGateway({
    hello: { methods: ["GET", "POST"], settings: { deadlineMs: 5_000 } },
  });
  const { pool } = all;
  const known = pool.shapes;
  pool.shapes = undefined;
  const told = Promise.withResolvers<void>();
  const signals: AbortSignal[] = [];
  pool.describeTask = (_task, signal) => {
    signals.push(signal);
    const left = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    return Promise.race([told.promise, left]);
  };
  const tell = () => {
    pool.shapes = known;
    told.resolve();
  };
  return { ...all, signals, tell };
}

/** Lets a request come as far as it can. */
function settle(): Promise<void> {
  return new Promise(setImmediate);
}

describe("a request for a task that no process has loaded yet", () => {
  test("waits until it is known what the task exports, and leaves nothing behind", async () => {
    const { clock, pool, peers, signals, fetch, tell } = createUnknown();
    const [good, bad] = [fetch("/hello"), fetch("/hello", { method: "PUT" })];
    await settle();
    expect([pool.slots.length, peers[0]?.told]).toEqual([0, ["waiting"]]);
    tell();
    expect([(await good).status, (await bad).status, pool.slots.length]).toEqual([200, 405, 1]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    clock.advance(50);
    expect(clock.pending).toBe(0);
  });

  test("waits no longer than its deadline: 504, and nothing is run", async () => {
    const { clock, pool, recorder, signals, fetch } = createUnknown();
    const fetched = fetch("/hello");
    await settle();
    clock.advance(4_999);
    await settle();
    expect(recorder.requests).toEqual([]);
    clock.advance(1);
    const response = await fetched;
    expect([response.status, response.headers.has("x-trace-id")]).toEqual([504, false]);
    expect(recorder.requests).toMatchObject([{ answer: "timed-out", durationMs: 5_000 }]);
    expect([pool.slots.length, signals[0]?.aborted, clock.pending]).toEqual([0, true, 0]);
  });

  test("has the rest of its deadline for its invocations", async () => {
    const { clock, pool, recorder, fetch, tell } = createUnknown();
    pool.isFull = true;
    const fetched = fetch("/hello");
    await settle();
    clock.advance(4_000);
    tell();
    await settle();
    expect(pool.queueLength).toBe(1);
    clock.advance(999);
    await settle();
    expect(recorder.requests).toEqual([]);
    clock.advance(1);
    expect((await fetched).status).toBe(504);
    expect(recorder.requests).toMatchObject([{ answer: "timed-out", durationMs: 5_000 }]);
    expect(pool.queueLength).toBe(0);
  });

  test("ends with its client, and nothing is run", async () => {
    const { clock, pool, recorder, signals, fetch } = createUnknown();
    const client = new AbortController();
    const fetched = fetch("/hello", { signal: client.signal });
    await settle();
    client.abort();
    await fetched;
    expect(recorder.requests).toMatchObject([{ answer: "client-left" }]);
    expect([pool.slots.length, signals[0]?.aborted, clock.pending]).toEqual([0, true, 0]);
  });

  test("holds its release meanwhile, whatever becomes of it", async () => {
    const { clock, pool, fetch, tell } = createUnknown();
    const client = new AbortController();
    const all = [
      fetch("/hello", { signal: client.signal }),
      fetch("/hello", { method: "PUT" }),
      fetch("/hello"),
    ];
    await settle();
    expect(pool.holds).toBe(3);
    client.abort();
    await settle();
    expect(pool.holds).toBe(2);
    tell();
    await Promise.all(all);
    await settle();
    expect(pool.holds).toBe(0);
    clock.advance(50);
    expect(clock.pending).toBe(0);
  });

  test("holds its release until it has been handed over to it", async () => {
    const { pool, fetch, tell } = createUnknown();
    const holds: number[] = [];
    const { request } = pool;
    pool.request = (asker) => {
      holds.push(pool.holds);
      return request.call(pool, asker);
    };
    const fetched = fetch("/hello");
    await settle();
    tell();
    expect([(await fetched).status, holds]).toEqual([200, [1]]);
  });

  test("is left to the invocation where no process can tell", async () => {
    const { pool, fetch } = createUnknown();
    pool.describeTask = () => Promise.resolve();
    expect([(await fetch("/hello", { method: "PUT" })).status, pool.slots.length]).toEqual([
      200,
      1,
    ]);
  });
});

test("a request that is admitted without waiting holds nothing", async () => {
  const { pool, fetch } = createGateway();
  pool.hold = () => {
    throw new Error("Cannot hold: it is handed over at once");
  };
  expect((await fetch("/hello")).status).toBe(200);
});
