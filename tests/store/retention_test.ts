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
          `${id}${id}1\t1\t[null,${timeMs},1,7,200,1,null,null,null,null,null]`,
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
      writer.write([{ number, text: lines.join("\n") }]);
    },
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
  store.writer.write([{ number: 1, text: JSON.stringify(running) }]);
  const retention = new Retention(store.writer.database, plenty);
  while (retention.step(nowMs));
  expect(store.counts()[0]).toBe(1);
});
