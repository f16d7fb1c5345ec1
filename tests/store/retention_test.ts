import { expect, test } from "bun:test";
import { firstIdDigits } from "../../runtime/base/ids.ts";
import { Retention, rowsPerStep } from "../../runtime/store/retention.ts";
import { TraceWriter } from "../../runtime/store/trace_writer.ts";
import { createTempFolder } from "../temp_folder.ts";

const dayMs = 24 * 3_600_000;
const nowMs = Date.UTC(2026, 0, 20);
const plenty = { maxAgeMs: 14 * dayMs, maxBytes: 2 ** 30 };

/** A store with so many requests of a time, each with a line and a row of its own. */
async function createStore() {
  const folder = await createTempFolder();
  const writer = new TraceWriter(folder.path, "gateway");
  let number = 0;
  return {
    writer,
    add(count: number, timeMs: number, text = "text") {
      const lines = Array.from({ length: count }, () => {
        number += 1;
        const id = `${firstIdDigits(timeMs)}${number.toString(16).padStart(20, "0")}`;
        return [
          JSON.stringify({
            ...{ kind: "invocation", traceId: id, requestId: id, place: 1, state: 2 },
            ...{ durationUs: 1, facts: `[null,${timeMs},1,7,200,1,null,null,null,null,null]` },
          }),
          JSON.stringify({ kind: "request", requestId: id, startedAt: timeMs, facts: "[]" }),
          JSON.stringify({
            ...{ kind: "output", traceId: id, requestId: id, deployment: "acme", task: "hello" },
            ...{ time: timeMs, level: "info", stream: "console", text, omitted: 0 },
          }),
          JSON.stringify({
            ...{ kind: "output", traceId: id, requestId: id, deployment: "acme", task: "hello" },
            ...{ time: timeMs, level: "info", stream: "console", text, omitted: 3 },
          }),
        ].join("\n");
      });
      writer.write([{ number, chunk: undefined, text: lines.join("\n") }]);
    },
    /** Chunks of so many plain requests each, a millisecond apart. */
    addChunks(chunks: number, firstMs: number, count: number, lines = "x") {
      for (let index = 0; index < chunks; index++) {
        number += 1;
        const timeMs = firstMs + index;
        const head = {
          firstMs: timeMs,
          lastMs: timeMs,
          slowestUs: 1,
          count,
          places: [1],
          bytes: 1,
        };
        writer.write([{ number, chunk: { ...head, lines: Buffer.from(lines) }, text: "" }]);
      }
    },
    countOf: (table: string) =>
      Number(writer.database.prepare(`SELECT count(*) n FROM ${table}`).get()?.["n"]),
    counts: () =>
      ["invocations", "requests", "lines", "omitted"].map((table) =>
        Number(writer.database.prepare(`SELECT count(*) n FROM ${table}`).get()?.["n"])
      ),
    async [Symbol.asyncDispose]() {
      writer.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("Retention removes what is too old, in steps, and nothing else", async () => {
  await using store = await createStore();
  const old = rowsPerStep + 10;
  store.add(old, nowMs - 15 * dayMs);
  store.add(5, nowMs - 13 * dayMs);
  const retention = new Retention(store.writer.database, plenty);
  expect(retention.step(nowMs)).toBe(true);
  expect(store.counts()[0]).toBe(15);
  while (retention.step(nowMs));
  expect(store.counts()).toEqual([5, 5, 5, 5]);
  expect(retention.step(nowMs)).toBe(false);
});

test("Retention removes the oldest until what is left fits", async () => {
  await using store = await createStore();
  const text = "x".repeat(4_000);
  store.add(1_000, nowMs - 2_000, text);
  store.add(1_000, nowMs - 1_000, text);
  const maxBytes = 6_000_000;
  const retention = new Retention(store.writer.database, { ...plenty, maxBytes });
  expect(retention.usedBytes).toBeGreaterThan(maxBytes);
  while (retention.step(nowMs));
  expect(retention.usedBytes).toBeLessThanOrEqual(maxBytes);
  const [invocations = 0, , lines = 0] = store.counts();
  expect(invocations).toBeGreaterThan(500);
  expect(lines).toBeGreaterThan(500);
  const oldest = store.writer.database.prepare("SELECT min(time) time FROM lines").get();
  expect(oldest?.["time"]).toBe(nowMs - 1_000);
});

test("Retention leaves what still runs", async () => {
  await using store = await createStore();
  const id = `${firstIdDigits(nowMs - 20 * dayMs)}${"0".repeat(20)}`;
  const running = {
    ...{ kind: "invocation", traceId: id, requestId: id, place: 1, state: 1, durationUs: null },
    facts: `[null,${nowMs - 20 * dayMs},1,7,null,0,null,null,null,null,null]`,
  };
  store.writer.write([{ number: 1, chunk: undefined, text: JSON.stringify(running) }]);
  const retention = new Retention(store.writer.database, plenty);
  while (retention.step(nowMs));
  expect(store.counts()[0]).toBe(1);
});

test("Retention removes chunks that are too old, in steps, and nothing else", async () => {
  await using store = await createStore();
  store.addChunks(5, nowMs - 15 * dayMs, 1_000);
  store.addChunks(rowsPerStep + 10, nowMs - 15 * dayMs + 10, 1);
  store.addChunks(3, nowMs - 13 * dayMs, 1_000);
  const retention = new Retention(store.writer.database, plenty);
  expect(retention.step(nowMs)).toBe(true);
  expect(store.countOf("chunks")).toBe(5 + rowsPerStep + 10 + 3 - 2);
  while (retention.step(nowMs));
  expect([store.countOf("chunks"), store.countOf("chunkPlaces")]).toEqual([3, 3]);
  expect(retention.step(nowMs)).toBe(false);
});

test("Retention removes rows and chunks of the same time together", async () => {
  await using store = await createStore();
  const lines = "x".repeat(4_000);
  for (let second = 0; second < 100; second++) {
    store.add(20, nowMs - 200_000 + second * 1_000, lines);
    store.addChunks(10, nowMs - 200_000 + second * 1_000, 300, lines);
  }
  const retention = new Retention(store.writer.database, { ...plenty, maxBytes: 10_000_000 });
  expect(retention.usedBytes).toBeGreaterThan(10_000_000);
  while (retention.step(nowMs));
  expect(retention.usedBytes).toBeLessThanOrEqual(10_000_000);
  const { database } = store.writer;
  const [row, chunk] = [
    "SELECT min(facts ->> 1) time FROM invocations",
    "SELECT min(firstMs) time FROM chunks",
  ].map((sql) => Number(database.prepare(sql).get()?.["time"]));
  expect(Math.abs(Number(row) - Number(chunk))).toBeLessThanOrEqual(1_000);
  expect(store.countOf("chunks")).toBeGreaterThan(100);
});
