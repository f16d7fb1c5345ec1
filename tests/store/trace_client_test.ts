import { describe, expect, test } from "bun:test";
import { firstIdDigits } from "../../runtime/base/ids.ts";
import { type Log, type LogFields, silentLog } from "../../runtime/base/log.ts";
import type { ExitStatus } from "../../runtime/platform/platform.ts";
import { type Frame, FrameReader } from "../../runtime/protocol/frames.ts";
import { noFigures } from "../../runtime/protocol/figures.ts";
import { recorderFrames } from "../../runtime/store/recorder_frames.ts";
import { maxKeptBytes } from "../../runtime/store/trace_batches.ts";
import { readBatch } from "../../runtime/store/trace_chunks.ts";
import { type RecorderEvents, TraceClient } from "../../runtime/store/trace_client.ts";
import { ManualClock } from "../manual_clock.ts";

const collectMs = 50;
const output = { pid: 7, stream: "stdout", level: "info", calls: [] } as const;

const plain = {
  ...{ firstTraceId: "", previousTraceId: undefined, traceparent: undefined, attempt: 1, pid: 7 },
  ...{ deployment: "acme", release: "r1", task: "hello", method: "GET" },
  state: "COMPLETED",
  ...{ code: undefined, reason: undefined, stack: undefined, status: 200, delivered: true },
  ...{ queuedMs: undefined, ...noFigures },
} as const;
const plainRequest = {
  ...{ firstTraceId: "", traceparent: undefined, deployment: "acme", release: "r1" },
  ...{ task: "hello", method: "GET", path: "/hello", client: "127.0.0.1", status: 200 },
  answer: "delivered",
  ...{ reason: undefined, requestBytes: 0, responseBytes: 1 },
} as const;

/** A recorder that only notes what it is sent. */
class FakeRecorderProcess {
  readonly frames: Frame[] = [];
  readonly pid = 1;
  readonly #ended = Promise.withResolvers<ExitStatus>();
  readonly exited = this.#ended.promise;
  readonly #events: RecorderEvents;
  readonly #reader = new FrameReader((frame) => void this.frames.push(frame));

  constructor(events: RecorderEvents) {
    this.#events = events;
  }

  /** The texts of the batches it was sent. */
  get batches(): readonly string[] {
    return this.frames.filter(({ kind }) => kind === recorderFrames.batch)
      .map(({ body }) => Buffer.from(body).toString());
  }

  connect(): void {
    this.#events.onConnect({
      write: (bytes) => this.#reader.push(bytes.slice()),
      pendingBytes: 0,
      close: () => this.die("SIGTERM"),
    });
  }

  tell(kind: number, id: number, { head = "", body = "" } = {}): void {
    this.#events.onFrame({ kind, id, head, body: Buffer.from(body) });
  }

  kill(signal: string): boolean {
    this.die(signal);
    return true;
  }

  die(signal: string): void {
    this.#events.onClose(undefined);
    this.#ended.resolve({ code: undefined, signal });
  }
}

function createClient() {
  const clock = new ManualClock();
  const logged: (readonly [string, LogFields | undefined])[] = [];
  const log: Log = {
    ...silentLog,
    warn: (event, fields) => void logged.push([event, fields]),
    error: (event, fields) => void logged.push([event, fields]),
  };
  const processes: FakeRecorderProcess[] = [];
  const client = new TraceClient({
    clock,
    log,
    start(events) {
      const child = new FakeRecorderProcess(events);
      processes.push(child);
      return child;
    },
  });
  const print = (text: string) => client.recorder.output({ ...output, text });
  return { clock, logged, processes, client, print };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("TraceClient", () => {
  test("collects lines for a moment and sends them together", () => {
    const { clock, processes: [recorder], print } = createClient();
    recorder?.connect();
    print("one");
    print("two");
    expect(recorder?.batches).toEqual([]);
    clock.advance(collectMs);
    expect(recorder?.batches.map((text) => text.split("\n").length)).toEqual([3]);
  });

  test("tells apart what went as most do, and says what is in it", () => {
    const { clock, client, processes: [recorder], print } = createClient();
    recorder?.connect();
    const add = (durationMs: number, fromMs = 0) => {
      const id = `${firstIdDigits(clock.wallMs() + fromMs)}${"a".repeat(20)}`;
      const startedAt = clock.wallMs() + fromMs;
      client.recorder.invocationEnded({
        ...plain,
        traceId: id,
        requestId: id,
        startedAt,
        durationMs,
      });
      const request = { ...plainRequest, traceId: id, requestId: id, startedAt, durationMs };
      client.recorder.requestEnded(request);
    };
    add(1);
    print("between");
    add(2, 3);
    // The clock is set: what is far apart is not together.
    add(1, -60_000);
    clock.advance(collectMs);
    const batches = (recorder?.frames ?? []).filter(({ kind }) => kind === recorderFrames.batch)
      .map(({ id, head, body }) => readBatch(id, { head, body }));
    const nowMs = clock.wallMs() - collectMs;
    expect(batches).toMatchObject([
      {
        chunk: { firstMs: nowMs, lastMs: nowMs + 3, slowestUs: 2_000, count: 2, places: [1] },
        text: expect.stringMatching(/^{"kind":"output".*}\n$/),
      },
      { chunk: { firstMs: nowMs - 60_000, lastMs: nowMs - 60_000, count: 1 }, text: "" },
    ]);
    const [first] = batches;
    expect(first?.chunk?.lines.length).toBe(first?.chunk?.bytes);
  });

  test("keeps what comes before the recorder is there", () => {
    const { clock, processes: [recorder], print } = createClient();
    print("early");
    clock.advance(collectMs);
    recorder?.connect();
    expect(recorder?.batches[0]).toContain("early");
  });

  test("sends again what a recorder that died had not committed", async () => {
    const { clock, processes, logged, print } = createClient();
    processes[0]?.connect();
    print("committed");
    clock.advance(collectMs);
    print("lost");
    clock.advance(collectMs);
    processes[0]?.tell(recorderFrames.committed, 1);
    processes[0]?.die("SIGKILL");
    await settle();
    expect(logged).toEqual([["recorder.ended", {
      ...{ pid: 1, code: undefined, signal: "SIGKILL", restartInMs: 100 },
    }]]);
    clock.advance(100);
    processes[1]?.connect();
    expect(processes[1]?.batches.length).toBe(1);
    expect(processes[1]?.batches[0]).toContain("lost");
  });

  test("drops a batch that no recorder survives", async () => {
    const { clock, processes, print } = createClient();
    print("poison");
    clock.advance(collectMs);
    for (let tries = 0; tries < 3; tries++) {
      processes.at(-1)?.connect();
      expect(processes.at(-1)?.batches.length).toBe(1);
      processes.at(-1)?.die("SIGSEGV");
      await settle();
      clock.advance(1_000);
    }
    processes.at(-1)?.connect();
    expect(processes.at(-1)?.batches).toEqual([]);
  });

  test("waits longer for each recorder that dies at once", async () => {
    const { clock, processes, logged } = createClient();
    for (const restartInMs of [100, 200, 400]) {
      processes.at(-1)?.die("SIGKILL");
      await settle();
      expect(logged.at(-1)?.[1]?.["restartInMs"]).toBe(restartInMs);
      clock.advance(restartInMs);
    }
    expect(processes.length).toBe(4);
  });

  test("holds so much and no more, and tells how much it dropped", () => {
    const { clock, logged, print } = createClient();
    const text = "x".repeat(1024 * 1024);
    const fitting = Math.floor(maxKeptBytes / text.length) - 1;
    for (let line = 0; line < fitting + 5; line++) print(text);
    clock.advance(collectMs);
    const [, fields] = logged.find(([event]) => event === "traces.dropped") ?? [];
    expect(Number(fields?.["lines"])).toBeGreaterThan(0);
    clock.advance(1_000);
    const dropped = logged.filter(([event]) => event === "traces.dropped")
      .reduce((sum, [, fields]) => sum + Number(fields?.["lines"]), 0);
    expect(dropped).toBeGreaterThanOrEqual(4);
    expect(dropped).toBeLessThanOrEqual(6);
  });

  test("leaves no more than a moment's worth to a recorder that is behind", () => {
    const { processes: [recorder], print } = createClient();
    recorder?.connect();
    for (let line = 0; line < 10; line++) print("x".repeat(1024 * 1024));
    const sent = recorder?.batches.length ?? 0;
    expect(sent).toBeLessThan(4);
    recorder?.tell(recorderFrames.committed, sent);
    expect(recorder?.batches.length).toBeGreaterThan(sent);
  });

  test("replaces a recorder that commits nothing any more", async () => {
    const { clock, processes, logged, print } = createClient();
    processes[0]?.connect();
    print("stuck");
    clock.advance(collectMs + 10_000);
    print("more");
    clock.advance(collectMs);
    await settle();
    expect(logged.map(([event]) => event)).toEqual(["recorder.stuck", "recorder.ended"]);
  });

  test("keeps a question until the recorder is there", async () => {
    const { client, processes: [recorder] } = createClient();
    const found = client.reader.find("early");
    recorder?.connect();
    await settle();
    recorder?.tell(recorderFrames.answer, 1);
    expect(await found).toBeUndefined();
  });

  test("puts questions to the recorder, and rejects them when that dies", async () => {
    const { client, processes: [recorder] } = createClient();
    recorder?.connect();
    const found = client.reader.find("some");
    await settle();
    expect(recorder?.frames).toMatchObject([{
      ...{ kind: recorderFrames.question, id: 1, head: '{"name":"find","id":"some"}' },
    }]);
    recorder?.tell(recorderFrames.answer, 1, { body: '{"requestId":"some"}' });
    expect(await found).toMatchObject({ requestId: "some" });
    const refused = client.reader.find("other");
    recorder?.tell(recorderFrames.refusal, 2, { head: "Cannot read" });
    await expect(refused).rejects.toThrow("Cannot read");
    const lost = client.reader.find("other");
    recorder?.die("SIGKILL");
    await expect(lost).rejects.toThrow("the recorder has ended");
  });

  test("waits at its end for what is not committed, but not for ever", async () => {
    const { client, clock, processes: [recorder], logged, print } = createClient();
    recorder?.connect();
    print("last");
    const flushed = client.flush(100);
    for (let step = 0; step < 12; step++) {
      await settle();
      clock.advance(10);
    }
    await flushed;
    expect(logged.map(([event]) => event)).toEqual(["traces.lost"]);
    await client.close(100);
    expect(clock.pending).toBe(0);
  });
});
