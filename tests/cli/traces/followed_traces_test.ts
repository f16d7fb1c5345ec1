import { describe, expect, test } from "bun:test";
import { FollowedLines } from "../../../runtime/cli/traces/followed_lines.ts";
import { FollowedTraces } from "../../../runtime/cli/traces/followed_traces.ts";
import type { LogFilter, TraceFilter, TraceRow } from "../../../runtime/store/trace_reader.ts";
import {
  FakeTraceReader,
  sampleLine,
  sampleRequest,
  sampleRow,
  sampleTimeMs,
  sampleTrace,
} from "../../traces/samples.ts";

const all: TraceFilter = {
  ...{ deployment: undefined, task: undefined, state: undefined, requestId: undefined },
  ...{ sinceMs: undefined, slowMs: undefined, limit: 2 },
};

/** Follows the rows of a reader; `next` gives what is told of each look, as `id state`. */
function start(filter: Partial<TraceFilter> = {}) {
  const reader = new FakeTraceReader();
  const followed = new FollowedTraces({ ...all, ...filter });
  return {
    reader,
    async next() {
      const { rows } = await followed.next(reader);
      return rows.map(({ traceId, state }) => `${traceId} ${state}`);
    },
  };
}

function row(traceId: string, secondsLater: number, values: Partial<TraceRow> = {}): TraceRow {
  return sampleRow({ traceId, startedAt: sampleTimeMs + secondsLater * 1000, ...values });
}

const running = { state: "RUNNING", durationMs: undefined, status: undefined } as const;

describe("FollowedTraces", () => {
  test("begins with the newest, oldest first, and tells of older ones never", async () => {
    const { reader, next } = start();
    reader.rows = [row("a", 1), row("b", 2), row("c", 3)];
    expect(await next()).toEqual(["b COMPLETED", "c COMPLETED"]);
    expect(await next()).toEqual([]);
    reader.rows = [...reader.rows, row("d", 3.5)];
    expect(await next()).toEqual(["d COMPLETED"]);
  });

  test("tells of one that is stored while it begins", async () => {
    const { reader, next } = start();
    const { traces } = reader;
    let looks = 0;
    reader.traces = (filter) => {
      looks += 1;
      if (looks === 2) reader.rows = [row("a", 1)];
      return traces.call(reader, filter);
    };
    expect([...await next(), ...await next()]).toEqual(["a COMPLETED"]);
  });

  test("tells of one that was stored after a later one", async () => {
    const { reader, next } = start();
    reader.rows = [row("b", 5)];
    await next();
    reader.rows = [...reader.rows, row("a", 2)];
    expect(await next()).toEqual(["a COMPLETED"]);
  });

  test("tells of a running one again when it ends", async () => {
    const { reader, next } = start();
    reader.rows = [row("a", 0, running)];
    expect(await next()).toEqual(["a RUNNING"]);
    expect(await next()).toEqual([]);
    reader.rows = [row("a", 0, { state: "FAILED" })];
    expect(await next()).toEqual(["a FAILED"]);
  });

  test("tells of the end of one that began long ago", async () => {
    const { reader, next } = start();
    reader.rows = [row("a", 0, running), row("b", 100), row("c", 100)];
    expect(await next()).toEqual(["b COMPLETED", "c COMPLETED"]);
    expect(await next()).toEqual([]);
    const ended = sampleTrace({ ...row("a", 0), state: "KILLED" });
    reader.rows = [ended, row("b", 100), row("c", 100)];
    reader.requests = [sampleRequest({ invocations: [ended, sampleTrace(row("z", 0))] })];
    expect(await next()).toEqual(["a KILLED"]);
    expect(await next()).toEqual([]);
  });

  test("tells of one that began in the middle of a look", async () => {
    const { reader, next } = start();
    reader.rows = [row("a", 0)];
    await next();
    const traces = reader.traces.bind(reader);
    reader.traces = (filter) => {
      if (filter.state === "RUNNING") reader.rows = [row("a", 0), row("b", 1, running)];
      return traces(filter);
    };
    expect(await next()).toEqual(["b RUNNING"]);
    expect(await next()).toEqual([]);
  });

  test("tells of what comes to match only in its end", async () => {
    const failed = start({ state: "FAILED" });
    const slow = start({ slowMs: 500 });
    for (const { reader, next } of [failed, slow]) {
      reader.rows = [row("a", 0, running), row("b", 1)];
      expect(await next()).toEqual([]);
      reader.rows = [row("a", 0, { state: "FAILED", durationMs: 900 }), row("b", 1)];
      expect(await next()).toEqual(["a FAILED"]);
    }
  });

  test("begins with nothing where nothing is", async () => {
    const { reader, next } = start();
    expect(await next()).toEqual([]);
    reader.rows = [row("a", 0)];
    expect(await next()).toEqual(["a COMPLETED"]);
  });

  test("remembers what is recent only", async () => {
    const { reader, next } = start();
    reader.rows = [row("a", 0)];
    await next();
    reader.rows = [row("a", 0), row("b", 60)];
    expect(await next()).toEqual(["b COMPLETED"]);
    expect(await next()).toEqual([]);
    expect(reader.traceFilters.at(-2)?.sinceMs).toBe(sampleTimeMs + 50_000);
  });
});

describe("FollowedLines", () => {
  const filter: LogFilter = {
    ...{ deployment: undefined, task: undefined, traceId: undefined, level: undefined },
    ...{ sinceMs: undefined, afterSequence: undefined, limit: 2 },
  };

  test("gives the newest lines, then each once", async () => {
    const reader = new FakeTraceReader();
    const followed = new FollowedLines(filter);
    const next = async () => (await followed.next(reader)).lines.map(({ sequence }) => sequence);
    reader.lines = [1, 2, 3].map((sequence) => sampleLine({ sequence }));
    expect([await next(), await next()]).toEqual([[2, 3], []]);
    reader.lines = [3, 4, 9].map((sequence) => sampleLine({ sequence }));
    expect([await next(), await next()]).toEqual([[4, 9], []]);
  });

  test("reads on while a look was not enough", async () => {
    const reader = new FakeTraceReader();
    const followed = new FollowedLines(filter);
    expect(await followed.next(reader)).toEqual({ lines: [], hasMore: false });
    reader.lines = Array.from({ length: 1_500 }, (_, at) => sampleLine({ sequence: at + 1 }));
    const [one, two] = [await followed.next(reader), await followed.next(reader)];
    expect([one.lines.length, one.hasMore, two.lines.length, two.hasMore])
      .toEqual([1_000, true, 500, false]);
  });
});
