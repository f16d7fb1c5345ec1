import { expect, test } from "bun:test";
import fc from "fast-check";
import { firstIdDigits } from "../../runtime/base/ids.ts";
import type { InvocationRecord } from "../../runtime/protocol/records.ts";
import { RecordLines } from "../../runtime/store/record_lines.ts";
import { maxChunkSpreadMs } from "../../runtime/store/trace_chunks.ts";
import type { TraceFilter } from "../../runtime/store/trace_reader.ts";
import { TraceWriter } from "../../runtime/store/trace_writer.ts";
import { TraceFeed } from "./trace_feed.ts";
import { all, allLines, createStore, requestOf } from "./trace_store.ts";

type Store = Awaited<ReturnType<typeof createStore>>;

/** How many are stored in a chunk, and how many in a row. */
function countsOf({ writer }: Store): readonly number[] {
  return ["SELECT coalesce(sum(count), 0) n FROM chunks", "SELECT count(*) n FROM invocations"]
    .map((sql) => Number(writer.database.prepare(sql).get()?.["n"]));
}

/** An identifier that says it was made at a time. */
function idAt(timeMs: number, rest: string): string {
  return `${firstIdDigits(timeMs)}${rest.padStart(20, "0")}`;
}

test.each<[string, boolean, Partial<InvocationRecord>]>([
  ["completed soon", true, {}],
  ["completed late", false, { durationMs: 1_000 }],
  ["failed", false, { state: "FAILED", code: "handler_failed", reason: "Bad" }],
  ["has another's request ID", false, { requestId: "from-a.proxy" }],
  ["has another's request ID like ours", false, { requestId: "f".repeat(32) }],
  ["waited long", false, { requestId: idAt(1_700_000_000_000 - 60_000, "1") }],
])("a request that %s is packed: %p", async (_, isPacked, fields) => {
  await using store = await createStore();
  const invocation = store.invocation(fields);
  store.add(invocation);
  store.commit();
  expect(countsOf(store)).toEqual(isPacked ? [1, 0] : [0, 1]);
  for (const id of [invocation.requestId, invocation.traceId]) {
    expect(await store.reader.find(id)).toMatchObject({
      ...{ requestId: invocation.requestId, traceId: invocation.traceId },
      invocations: [{ traceId: invocation.traceId, state: invocation.state }],
    });
  }
});

test("a request whose invocation was seen running is not packed", async () => {
  await using store = await createStore();
  const invocation = store.invocation();
  store.records.invocationRunning(invocation);
  store.add(invocation);
  store.commit();
  expect(countsOf(store)).toEqual([0, 1]);
});

test("plain requests are found at the borders of their chunks", async () => {
  await using store = await createStore();
  const nowMs = store.clock.wallMs();
  const at = (fromMs: number, rest: string) =>
    store.invocation({
      ...{ requestId: idAt(nowMs + fromMs - 5_000, `a${rest}`), startedAt: nowMs + fromMs },
    }, idAt(nowMs + fromMs, `b${rest}`));
  const one = [at(0, "1"), at(maxChunkSpreadMs - 5_000, "2")];
  const other = [at(maxChunkSpreadMs - 4_999, "3"), at(maxChunkSpreadMs, "4")];
  store.add(...one, ...other);
  store.commit();
  const chunks = store.writer.database.prepare("SELECT count FROM chunks").all();
  expect(chunks.map(({ count }) => count)).toEqual([2, 2]);
  for (const { traceId, requestId } of [...one, ...other]) {
    expect((await store.reader.find(traceId))?.requestId).toBe(requestId);
    expect((await store.reader.find(requestId))?.traceId).toBe(traceId);
  }
  expect(await store.reader.find(idAt(nowMs, "b9"))).toBeUndefined();
  const newest = await store.reader.traces({ ...all, limit: 3 });
  expect(newest.map(({ traceId }) => traceId))
    .toEqual([...other.toReversed(), ...one.slice(1)].map(({ traceId }) => traceId));
});

test("requests that a proxy gave the same ID are found together", async () => {
  await using store = await createStore();
  const [first, second] = [store.invocation(), store.invocation()];
  const { requestId } = first;
  store.add(first);
  store.commit();
  store.add({ ...second, requestId });
  store.commit();
  const found = (await store.reader.find(requestId))?.invocations.map(({ traceId }) => traceId);
  expect(found?.toSorted()).toEqual([first.traceId, second.traceId].toSorted());
});

test("a plain request keeps its lines", async () => {
  await using store = await createStore();
  const invocation = store.invocation();
  const { traceId, requestId, task } = invocation;
  const line = { deployment: "acme", pid: 7, stream: "console", level: "info" } as const;
  store.records.output({ ...line, text: "hello", calls: [{ traceId, requestId, task }] });
  store.add(invocation);
  store.commit();
  expect(countsOf(store)).toEqual([1, 0]);
  expect((await store.reader.find(requestId))?.invocations).toMatchObject([
    { traceId, lines: [{ text: "hello", traceId }] },
  ]);
  expect((await store.reader.logs({ ...allLines, traceId })).length).toBe(1);
});

test("plain requests of several gateways keep their names", async () => {
  await using store = await createStore();
  const other = new TraceWriter(store.folder.path, "gateway-2");
  const feed = new TraceFeed(other);
  const records = new RecordLines(feed, store.clock);
  const mine = [store.invocation({ task: "one" }), store.invocation({ task: "two" })];
  const theirs = [store.invocation({ task: "two" }), store.invocation({ task: "one" })];
  store.add(...mine);
  store.commit();
  for (const invocation of theirs) {
    records.invocationEnded(invocation);
    records.requestEnded(requestOf(invocation));
  }
  feed.commit();
  other.close();
  const ones = await store.reader.traces({ ...all, task: "one" });
  expect(ones.map(({ traceId }) => traceId).toSorted())
    .toEqual([mine[0]?.traceId ?? "", theirs[1]?.traceId ?? ""].toSorted());
  expect(ones.map(({ task, path }) => [task, path])).toEqual(Array(2).fill(["one", "/one"]));
});

test("plain requests of more chunks than are looked up at a time are all listed", async () => {
  await using store = await createStore();
  const added = Array.from({ length: 150 }, (_, index) => {
    store.clock.advance(1);
    const invocation = store.invocation({ task: index % 2 ? "odd" : "even" });
    store.add(invocation);
    store.commit();
    return invocation.traceId;
  }).reverse();
  const list = async (filter: Partial<TraceFilter>) =>
    (await store.reader.traces({ ...all, ...filter })).map(({ traceId }) => traceId);
  expect(await list({ limit: 1_000 })).toEqual(added);
  expect(await list({ limit: 100 })).toEqual(added.slice(0, 100));
  expect(await list({ deployment: "acme", limit: 1_000 })).toEqual(added);
  expect(await list({ task: "odd", limit: 70 }))
    .toEqual(added.filter((_, index) => index % 2 === 0).slice(0, 70));
});

test("a file of another version is refused, with what to do", async () => {
  await using store = await createStore();
  store.writer.database.exec("PRAGMA user_version = 1");
  const refusal = "Cannot read traces of version 1: this webtaskd knows version 2: move";
  await expect(store.reader.traces(all)).rejects.toThrow(refusal);
  expect(() => new TraceWriter(store.folder.path, "other")).toThrow(refusal);
});

/** A request of the property below; what happens to the gateway between two of them. */
const requestShape = fc.record({
  task: fc.constantFrom("one", "two", "three"),
  deployment: fc.constantFrom("acme", "globex"),
  state: fc.constantFrom("COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "CRASHED"),
  durationMs: fc.constantFrom(0.5, 80, 999.999, 1_000, 2_500),
  pauseMs: fc.constantFrom(0, 0, 1, 700, 20_000),
  waitedMs: fc.constantFrom(0, 0, 3, 4_000, 9_000),
  wasRunning: fc.constantFrom(false, false, false, true),
  isOwnId: fc.constantFrom(true, true, true, false),
  isCommitted: fc.boolean(),
});

const filterShape = fc.record({
  task: fc.constantFrom(undefined, "one", "three", "none"),
  deployment: fc.constantFrom(undefined, undefined, "acme"),
  state: fc.constantFrom(undefined, "COMPLETED" as const, "FAILED" as const, "CRASHED" as const),
  slowMs: fc.constantFrom(undefined, undefined, 50, 999.999, 1_000, 2_000),
  sinceMs: fc.constantFrom(undefined, undefined, 0, 500, 5_000, 40_000),
  requestOf: fc.constantFrom(undefined, undefined, undefined, 0, 7),
  limit: fc.constantFrom(1, 3, 50),
});

test("traces() lists of any mix what a plain look through all of it would", async () => {
  const property = fc.asyncProperty(
    fc.array(requestShape, { minLength: 1, maxLength: 60 }),
    fc.array(filterShape, { minLength: 20, maxLength: 20 }),
    async (requests, filters) => {
      await using store = await createStore();
      const beganMs = store.clock.wallMs();
      const added: InvocationRecord[] = [];
      for (const [index, request] of requests.entries()) {
        const { pauseMs, waitedMs, wasRunning, isOwnId, isCommitted, ...fields } = request;
        store.clock.advance(pauseMs);
        const requestId = isOwnId ? store.ids.requestId() : `proxy-${index}`;
        const startedAt = store.clock.wallMs() + waitedMs;
        const invocation = store.invocation({ ...fields, requestId, startedAt });
        if (wasRunning) store.records.invocationRunning(invocation);
        store.add(invocation);
        added.push(invocation);
        if (isCommitted) store.commit();
      }
      store.commit();
      for (const { requestOf, sinceMs, ...rest } of filters) {
        const filter: TraceFilter = {
          ...rest,
          requestId: requestOf === undefined ? undefined : added[requestOf]?.requestId,
          sinceMs: sinceMs === undefined ? undefined : beganMs + sinceMs,
        };
        const found = await store.reader.traces(filter);
        expect(found.map(({ traceId }) => traceId)).toEqual(lookThrough(added, filter));
      }
      for (const { requestId, traceId } of added) {
        expect((await store.reader.find(traceId))?.requestId).toBe(requestId);
        expect((await store.reader.find(requestId))?.traceId).toBe(traceId);
      }
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

function lookThrough(added: readonly InvocationRecord[], filter: TraceFilter): string[] {
  const { task, deployment, state, requestId, sinceMs, slowMs, limit } = filter;
  return added.filter((one) =>
    (task === undefined || one.task === task) &&
    (deployment === undefined || one.deployment === deployment) &&
    (state === undefined || one.state === state) &&
    (requestId === undefined || one.requestId === requestId) &&
    (sinceMs === undefined || one.startedAt >= sinceMs) &&
    (slowMs === undefined || one.durationMs >= slowMs)
  ).map(({ traceId }) => traceId).toSorted().toReversed().slice(0, limit);
}
