import { expect, test } from "bun:test";
import type { InvocationRecord } from "../../runtime/protocol/records.ts";
import { RecordLines } from "../../runtime/store/record_lines.ts";
import { openTraceReader } from "../../runtime/store/trace_file_reader.ts";
import type { TraceFilter } from "../../runtime/store/trace_reader.ts";
import { TraceWriter } from "../../runtime/store/trace_writer.ts";
import { createTempFolder } from "../temp_folder.ts";
import { TraceFeed } from "./trace_feed.ts";
import { all, allLines, createStore, requestOf } from "./trace_store.ts";

test("a plain request is found by either of its IDs, with all that is known of it", async () => {
  await using store = await createStore();
  const invocation = store.invocation({
    ...{ queuedMs: 0.25, authenticateMs: 0.5, handlerMs: 0.75, cpuMs: 1, peakRssBytes: 4096 },
  });
  store.records.invocationEnded(invocation);
  store.records.requestEnded(requestOf(invocation));
  store.commit();
  const found = await store.reader.find(invocation.requestId);
  expect(found).toMatchObject({
    ...{ requestId: invocation.requestId, traceId: invocation.traceId, client: "127.0.0.1" },
    ...{ deployment: "acme", release: "r1", task: "hello", method: "GET", path: "/hello" },
    ...{ status: 200, answer: "delivered", durationMs: 3.25, responseBytes: 17, requestBytes: 0 },
    startedAt: invocation.startedAt - 1,
    invocations: [{
      ...{ traceId: invocation.traceId, attempt: 1, state: "COMPLETED", pid: 7, status: 200 },
      ...{ delivered: true, durationMs: 1.5, queuedMs: 0.25, authenticateMs: 0.5 },
      ...{ handlerMs: 0.75, cpuMs: 1, peakRssBytes: 4096, omittedLines: 0, lines: [] },
    }],
  });
  expect(await store.reader.find(invocation.traceId)).toEqual(found);
  expect(await store.reader.find("0".repeat(32))).toBeUndefined();
});

test("a request with two attempts has a row of its own", async () => {
  await using store = await createStore();
  const first = store.invocation();
  const second = store.invocation({ requestId: first.requestId, attempt: 2 });
  const open = { ...first, startedAt: first.startedAt };
  store.records.invocationRunning(open);
  store.commit();
  expect(await store.reader.traces({ ...all, state: "RUNNING" })).toMatchObject([
    { traceId: first.traceId, durationMs: undefined, status: undefined },
  ]);
  store.records.invocationEnded(second);
  store.records.requestEnded(requestOf(second, { reason: "why" }));
  store.records.invocationEnded({ ...first, delivered: false });
  store.commit();
  const found = await store.reader.find(first.traceId);
  expect(found).toMatchObject({ traceId: second.traceId, answer: "delivered", reason: "why" });
  expect(found?.invocations.map(({ attempt, delivered, state }) => [attempt, delivered, state]))
    .toEqual([[1, false, "COMPLETED"], [2, true, "COMPLETED"]]);
  expect(await store.reader.traces({ ...all, state: "RUNNING" })).toEqual([]);
});

test("traces() narrows by each filter, the newest first", async () => {
  await using store = await createStore();
  const add = (fields: Partial<InvocationRecord>) => {
    store.clock.advance(1_000);
    const invocation = store.invocation(fields);
    store.records.invocationEnded(invocation);
    store.records.requestEnded(requestOf(invocation));
    return invocation.traceId;
  };
  const hello = add({});
  const failed = add({
    ...{ state: "FAILED", code: "handler_failed", reason: "Bad\nday", stack: "Error: Bad" },
    status: undefined,
  });
  const slow = add({ task: "slow", durationMs: 2_500 });
  const other = add({ deployment: "globex", task: "slow", durationMs: 1_200 });
  const crashed = add({ task: "slow", state: "CRASHED", code: "crashed", durationMs: 20 });
  store.commit();
  const list = async (filter: Partial<TraceFilter>) =>
    (await store.reader.traces({ ...all, ...filter })).map(({ traceId }) => traceId);
  expect(await list({})).toEqual([crashed, other, slow, failed, hello]);
  expect(await list({ limit: 2 })).toEqual([crashed, other]);
  expect(await list({ task: "slow" })).toEqual([crashed, other, slow]);
  expect(await list({ task: "slow", limit: 1 })).toEqual([crashed]);
  expect(await list({ deployment: "globex" })).toEqual([other]);
  expect(await list({ state: "FAILED" })).toEqual([failed]);
  expect(await list({ state: "COMPLETED" })).toEqual([other, slow, hello]);
  expect(await list({ task: "slow", state: "CRASHED" })).toEqual([crashed]);
  expect(await list({ task: "nope" })).toEqual([]);
  expect(await list({ slowMs: 1_000 })).toEqual([other, slow]);
  expect(await list({ slowMs: 2_000 })).toEqual([slow]);
  expect(await list({ slowMs: 10 })).toEqual([crashed, other, slow]);
  expect(await list({ sinceMs: store.clock.wallMs() - 1_000 })).toEqual([crashed, other]);
  const [row] = await store.reader.traces({ ...all, state: "FAILED" });
  expect(row).toMatchObject({ reason: "Bad\nday", status: undefined, delivered: true });
  expect(await list({ requestId: row?.requestId })).toEqual([failed]);
});

test("an invocation that had not been started is not kept", async () => {
  await using store = await createStore();
  const invocation = store.invocation();
  store.records.invocationRunning(invocation);
  store.commit();
  expect((await store.reader.traces(all)).length).toBe(1);
  store.records.invocationReturned(invocation);
  store.commit();
  expect(await store.reader.traces(all)).toEqual([]);
});

test("a request ID of a proxy's own is kept as it is", async () => {
  await using store = await createStore();
  const requestId = "AB/from-a.proxy";
  const invocation = store.invocation({ requestId });
  store.records.invocationEnded(invocation);
  store.records.requestEnded(requestOf(invocation));
  store.commit();
  expect(await store.reader.find(requestId)).toMatchObject({ requestId, task: "hello" });
});

test("what was refused is stored where it has a deployment, up to so many a second", async () => {
  await using store = await createStore();
  const ids = Array.from({ length: 150 }, () => store.ids.requestId());
  for (const requestId of ids) {
    const request = requestOf(store.invocation({ requestId }));
    store.records.requestEnded({
      ...{ ...request, traceId: undefined, status: 503, answer: "refused" },
      reason: "the queue is full",
    });
  }
  const nowhere = store.ids.requestId();
  store.records.requestEnded({
    ...requestOf(store.invocation({ requestId: nowhere })),
    ...{ traceId: undefined, deployment: undefined, task: undefined, status: 404 },
  });
  store.commit();
  const found = await Promise.all(ids.map((id) => store.reader.find(id)));
  expect(found.filter((request) => request !== undefined).length).toBe(100);
  expect(found[0]).toMatchObject({ answer: "refused", task: "hello", invocations: [] });
  expect(await store.reader.find(nowhere)).toBeUndefined();
});

test("lines belong to the invocation that printed them; beyond a limit they are counted", async () => {
  await using store = await createStore();
  const { traceId, requestId, task } = store.invocation();
  const line = { deployment: "acme", pid: 7, stream: "console", level: "warn" } as const;
  for (let index = 0; index < 1_005; index++) {
    store.records.output({ ...line, text: `${index}`, calls: [{ traceId, requestId, task }] });
  }
  store.records.output({ ...line, text: "nobody's", calls: [] });
  store.commit();
  const lines = await store.reader.logs({ ...allLines, traceId, limit: 2_000 });
  expect(lines.length).toBe(1_000);
  expect(lines.at(-1)).toMatchObject({ text: "999", level: "warn", stream: "console", task });
  const newest = await store.reader.logs({ ...allLines, limit: 2 });
  expect(newest.map(({ text }) => text)).toEqual(["999", "nobody's"]);
  const after = await store.reader.logs({ ...allLines, afterSequence: 1, limit: 2 });
  expect(after.map(({ text }) => text)).toEqual(["1", "2"]);
  expect(await store.reader.logs({ ...allLines, sinceMs: store.clock.wallMs() + 1 })).toEqual([]);
  const invocation = store.invocation({ traceId, requestId });
  store.records.invocationEnded(invocation);
  store.commit();
  expect((await store.reader.find(traceId))?.invocations[0]?.omittedLines).toBe(5);
});

test("what a dead gateway left running is interrupted, and nothing of another", async () => {
  await using store = await createStore("dead");
  const other = new TraceWriter(store.folder.path, "alive");
  const mine = store.invocation();
  const theirs = store.invocation();
  store.records.invocationRunning(mine);
  store.commit();
  const feed = new TraceFeed(other);
  new RecordLines(feed, store.clock).invocationRunning(theirs);
  feed.commit();
  const dead = other.gateways().find(({ name }) => name === "dead");
  expect(other.interrupt(dead?.id ?? 0, "its gateway died")).toBe(1);
  const rows = await store.reader.traces(all);
  expect(rows.map(({ traceId, state, reason }) => [traceId, state, reason]).toSorted()).toEqual([
    [mine.traceId, "INTERRUPTED", "its gateway died"],
    [theirs.traceId, "RUNNING", undefined],
  ].toSorted());
  other.close();
});

test("a batch that comes twice is written once", async () => {
  await using store = await createStore();
  const line = { deployment: "acme", pid: 7, stream: "stdout", level: "info" } as const;
  const invocation = store.invocation();
  store.records.output({ ...line, text: "once", calls: [] });
  store.records.invocationEnded(invocation);
  store.records.requestEnded(requestOf(invocation));
  const batches = store.feed.take();
  store.writer.write(batches);
  const again = new TraceWriter(store.folder.path, "gateway-1");
  again.write(batches);
  again.close();
  expect((await store.reader.logs(allLines)).length).toBe(1);
  expect((await store.reader.traces(all)).length).toBe(1);
  expect((await store.reader.find(invocation.traceId))?.invocations.length).toBe(1);
});

test("a folder without traces reads as empty, and stays so", async () => {
  await using folder = await createTempFolder();
  const reader = openTraceReader(folder.path);
  expect(await reader.traces(all)).toEqual([]);
  expect(await reader.find("0".repeat(32))).toBeUndefined();
  await reader.close();
  expect(await Array.fromAsync(new Bun.Glob("*").scan(folder.path))).toEqual([]);
});
