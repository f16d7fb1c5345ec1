import { describe, expect, test } from "bun:test";
import { type LogFields, silentLog } from "../../runtime/base/log.ts";
import {
  batchDelayMs,
  maxBatchSpans,
  maxWaitingRecords,
  type Send,
  SpanExporter,
} from "../../runtime/telemetry/span_exporter.ts";
import { ManualClock } from "../manual_clock.ts";
import { invocationOf, requestOf } from "./support.ts";

type Reaction = { status?: number; retryAfter?: string; text?: string } | Error;

/** An exporter, and a collector that reacts as it is told, then takes everything. */
function createExporter(...reactions: Reaction[]) {
  const clock = new ManualClock();
  const sizes: number[] = [];
  const warned: (LogFields | undefined)[] = [];
  const send: Send = (body) => {
    const { resourceSpans: [{ scopeSpans: [{ spans }] }] } = JSON.parse(body);
    sizes.push(spans.length);
    const reaction = reactions.shift() ?? {};
    if (reaction instanceof Error) return Promise.reject(reaction);
    return Promise.resolve({ status: 200, retryAfter: null, text: "{}", ...reaction });
  };
  const exporter = new SpanExporter({
    ...{ serviceName: "shop", scheme: "http", timeoutMs: 1_000, clock, send },
    log: { ...silentLog, warn: (_event, fields) => void warned.push(fields) },
    newTraceId: () => "b".repeat(32),
  });
  return { clock, sizes, warned, exporter };
}

/** Lets everything happen that waits for no clock. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await Promise.resolve();
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

describe("SpanExporter", () => {
  test("sends what has come within a second together", async () => {
    const { clock, sizes, exporter } = createExporter();
    exporter.invocationEnded(invocationOf());
    exporter.requestEnded(requestOf());
    await pass(clock, batchDelayMs - 1);
    expect(sizes).toEqual([]);
    await pass(clock, 1);
    expect([sizes, exporter.exported, exporter.dropped]).toEqual([[2], 2, 0]);
    expect(clock.pending).toBe(0);
  });

  test("sends no more at once than a batch, and keeps no more than its limit", async () => {
    const { clock, sizes, exporter } = createExporter();
    for (let count = 0; count < maxWaitingRecords + 3; count++) exporter.requestEnded(requestOf());
    expect(exporter.dropped).toBe(3);
    await pass(clock, batchDelayMs);
    expect(sizes).toEqual([maxBatchSpans]);
    for (let times = 0; times < 20; times++) await pass(clock, 100);
    expect(sizes).toEqual(Array(maxWaitingRecords / maxBatchSpans).fill(maxBatchSpans));
    expect(exporter.exported).toBe(maxWaitingRecords);
  });

  test.each([
    ["429", { status: 429 }, 1_000],
    ["503 with Retry-After", { status: 503, retryAfter: "7" }, 7_000],
    ["a broken connection", new Error("refused"), 1_000],
  ])("tries again after %s", async (_what, reaction, retryMs) => {
    const { clock, sizes, exporter } = createExporter(reaction);
    exporter.requestEnded(requestOf());
    await pass(clock, batchDelayMs);
    await pass(clock, retryMs - 1);
    expect(sizes).toEqual([1]);
    await pass(clock, 1);
    expect([sizes, exporter.exported, exporter.dropped]).toEqual([[1, 1], 1, 0]);
  });

  test("gives up after five tries, waiting longer each time, and says so once", async () => {
    const refusals = Array.from({ length: 10 }, () => ({ status: 503 }));
    const { clock, sizes, warned, exporter } = createExporter(...refusals);
    for (let times = 0; times < 2; times++) {
      exporter.requestEnded(requestOf());
      for (const ms of [batchDelayMs, 1_000, 2_000, 4_000, 8_000]) await pass(clock, ms);
    }
    expect([sizes.length, exporter.exported, exporter.dropped]).toEqual([10, 0, 2]);
    expect(warned).toEqual([{ count: 1, reason: "the collector answered 503" }]);
  });

  test("does not repeat what the collector does not want", async () => {
    const { clock, sizes, exporter } = createExporter({ status: 400 });
    exporter.requestEnded(requestOf());
    await pass(clock, batchDelayMs);
    await pass(clock, 60_000);
    expect([sizes.length, exporter.dropped]).toEqual([1, 1]);
  });

  test("counts what a collector took a part of", async () => {
    const text = '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}';
    const { clock, exporter } = createExporter({ text });
    for (let times = 0; times < 3; times++) exporter.requestEnded(requestOf());
    await pass(clock, batchDelayMs);
    expect([exporter.exported, exporter.dropped]).toEqual([2, 1]);
  });

  test("sends what waits when it is closed, and takes nothing afterwards", async () => {
    const { clock, sizes, exporter } = createExporter();
    for (let count = 0; count < maxBatchSpans + 1; count++) exporter.requestEnded(requestOf());
    await exporter.close(1_000);
    expect(sizes).toEqual([maxBatchSpans, 1]);
    exporter.requestEnded(requestOf());
    expect([exporter.dropped, clock.pending]).toEqual([1, 0]);
  });

  test("does not wait for a collector that is away when it is closed", async () => {
    const { clock, exporter } = createExporter(...Array(5).fill(new Error("refused")));
    exporter.requestEnded(requestOf());
    await pass(clock, batchDelayMs);
    await exporter.close(1_000);
    expect([exporter.dropped, clock.pending]).toEqual([1, 0]);
  });
});
