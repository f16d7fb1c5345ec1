import { expect, test } from "bun:test";
import { replied } from "./support.ts";
import { createSupervision, settle } from "./supervision.ts";

const sweepMs = 25;

test("an invocation is recorded as running once a sweep finds it, and once only", async () => {
  const { clock, pool, recorder, run } = createSupervision();
  run();
  const startedAt = clock.wallMs();
  clock.advance(sweepMs - 1);
  expect(recorder.running).toEqual([]);
  clock.advance(sweepMs * 4);
  const { traceId = "none" } = pool.slots[0]?.call ?? {};
  expect(recorder.running).toEqual([{
    ...{ traceId, requestId: "request", attempt: 1, deployment: "acme", release: "r1" },
    ...{ task: "hello", method: "GET", pid: 100, startedAt },
  }]);
  pool.slots[0]?.end(replied());
  await settle();
});

test("an invocation that is over before a sweep is not recorded as running", async () => {
  const { clock, pool, recorder, run } = createSupervision();
  run();
  pool.slots[0]?.end(replied());
  await settle();
  clock.advance(sweepMs * 4);
  expect(recorder.running).toEqual([]);
});

test("an invocation that waits for a process is not recorded as running until it has one", () => {
  const { clock, pool, recorder, run } = createSupervision();
  pool.isFull = true;
  run();
  clock.advance(sweepMs * 4);
  expect(recorder.running).toEqual([]);
  pool.serve();
  clock.advance(sweepMs);
  expect(recorder.running.map(({ attempt }) => attempt)).toEqual([1]);
});

test("each further attempt is recorded as running", () => {
  const { clock, recorder, run } = createSupervision({ timeoutMs: 1_000, attempts: 2 });
  run();
  clock.advance(1_000 + sweepMs);
  expect(recorder.running.map(({ attempt }) => attempt)).toEqual([1, 2]);
});

test("an invocation that its process had not started is taken back, and recorded anew", () => {
  const { clock, pool, recorder, run } = createSupervision();
  run();
  clock.advance(sweepMs * 2);
  expect(recorder.running.length).toBe(1);
  pool.isFull = true;
  pool.slots[0]?.giveBack();
  expect(recorder.returned).toEqual(recorder.running);
  pool.serve();
  clock.advance(sweepMs * 2);
  expect([recorder.running.length, recorder.returned.length]).toEqual([2, 1]);
});
