import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { IdSource } from "../runtime/base/ids.ts";
import { noFigures } from "../runtime/protocol/figures.ts";
import type { InvocationRecord, RequestRecord } from "../runtime/protocol/records.ts";
import { RecordLines } from "../runtime/store/record_lines.ts";
import { TraceBatches } from "../runtime/store/trace_batches.ts";
import { readBatch } from "../runtime/store/trace_chunks.ts";
import { openTraceReader } from "../runtime/store/trace_file_reader.ts";
import type { TraceFilter, TraceReader } from "../runtime/store/trace_reader.ts";
import { traceFile } from "../runtime/store/trace_schema.ts";
import { TraceWriter } from "../runtime/store/trace_writer.ts";
import { quantile, rounded } from "./webtaskd.ts";

const searchesEach = 5;
/** Of a store: so many tasks, and one of so many that is rare, fails, or is slow. */
const taskCount = 20;
const oneRareIn = 100_000;
const oneFailedIn = 1_000;
const oneSlowIn = 5_000;
/** About what the gateway collects until it has 256 KiB. */
const requestsPerBatch = 1_500;
const startMs = Date.UTC(2026, 0, 1);

/** CPU of both sides for each request, and what it takes in the file. */
interface Recorded {
  readonly gatewayUs: number;
  readonly recorderUs: number;
  readonly bytes: number;
}

/** Records so many requests, a millisecond apart, and searches among them. */
export async function measureStore(requests: number) {
  const folder = mkdtempSync(join(tmpdir(), "webtaskd-bench-"));
  const reader = openTraceReader(folder);
  try {
    const recorded = record(folder, requests);
    return { recorded, searchMs: await search(reader, requests) };
  } finally {
    await reader.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Goes the way of a record from the gateway into the file, but for the socket. */
function record(folder: string, requests: number): Recorded {
  const writer = new TraceWriter(folder, "bench");
  const batches = new TraceBatches();
  const clock = { nowMs: startMs, wallMs: () => clock.nowMs };
  const lines = new RecordLines({
    line: (text) => batches.add(text),
    plain: (line) => batches.addPlain(line),
    soon() {},
    place: (number, place) => writer.definePlace(number, place),
  }, { ...clock, monotonicMs: () => 0, after: () => () => {} });
  const ids = new IdSource(clock);
  let [gatewayUs, recorderUs] = [0, 0];
  for (let done = 0; done < requests; done += requestsPerBatch) {
    const records = Array.from(
      { length: Math.min(requestsPerBatch, requests - done) },
      (_, index) => {
        clock.nowMs += 1;
        return toRecords(done + index, { ids, nowMs: clock.nowMs });
      },
    );
    gatewayUs += cpuUsOf(() => {
      for (const [invocation, request] of records) {
        lines.invocationEnded(invocation);
        lines.requestEnded(request);
      }
      batches.close(0);
    });
    const sent = batches.takeSendable(0);
    recorderUs += cpuUsOf(() => {
      writer.write(
        sent.map(({ number, head, bytes }) => readBatch(number, { head, body: bytes })),
      );
    });
    batches.committed(Infinity);
  }
  writer.close();
  const { size } = statSync(traceFile(folder));
  return {
    gatewayUs: hundredths(gatewayUs / requests),
    recorderUs: hundredths(recorderUs / requests),
    bytes: Math.round(size / requests),
  };
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

function cpuUsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function toRecords(
  number: number,
  { ids, nowMs }: { readonly ids: IdSource; readonly nowMs: number },
): readonly [InvocationRecord, RequestRecord] {
  const requestId = ids.requestId();
  const traceId = ids.traceId();
  const turn = Math.floor(number / taskCount);
  const task = number % oneRareIn === 0 ? "rare" : `task${number % taskCount}`;
  const failure = turn % oneFailedIn === 1
    ? { state: "FAILED", code: "handler_failed", reason: "Cannot divide by zero" } as const
    : { state: "COMPLETED", code: undefined, reason: undefined } as const;
  const shared = {
    ...{ requestId, traceId, firstTraceId: traceId, traceparent: undefined },
    ...{ deployment: "bench-testing", release: "r1", task, method: "GET", startedAt: nowMs },
  };
  return [{
    ...{ ...shared, ...noFigures, ...failure, stack: undefined, previousTraceId: undefined },
    ...{ attempt: 1, pid: 4_000, status: 200, delivered: true, queuedMs: 0.01 },
    ...{ authenticateMs: 0.2, handlerMs: 0.3, cpuMs: 0.4, peakRssBytes: 51_200_000 },
    durationMs: turn % oneSlowIn === 1 ? 2_000 : 1.5,
  }, {
    ...{ ...shared, path: `/${task}`, status: 200, answer: "delivered", reason: undefined },
    ...{ client: "127.0.0.1", durationMs: 1.75, requestBytes: 0, responseBytes: 17 },
  }];
}

/** How long each kind of search takes at the most. */
async function search(reader: TraceReader, requests: number): Promise<Record<string, number>> {
  const all: TraceFilter = {
    ...{ deployment: undefined, task: undefined, state: undefined, requestId: undefined },
    ...{ sinceMs: undefined, slowMs: undefined, limit: 50 },
  };
  const sinceMs = startMs + Math.floor(requests / 2);
  const [newest] = await reader.traces(all);
  const [oldest] = (await reader.traces({ ...all, task: "rare", limit: 1_000_000 })).slice(-1);
  const list = (filter: Partial<TraceFilter>) => () =>
    reader.traces({ ...all, ...filter }).then(({ length }) => length);
  const find = (id = "") => () => reader.find(id).then((found) => found ? 1 : 0);
  const searches: Record<string, () => Promise<number>> = {
    "newest": list({}),
    "--task": list({ task: "task7" }),
    "--task of a rare one": list({ task: "rare" }),
    "--deployment": list({ deployment: "bench-testing" }),
    "--task --state FAILED": list({ task: "task7", state: "FAILED" }),
    "--state FAILED": list({ state: "FAILED" }),
    "--slow 1s": list({ slowMs: 1_000 }),
    "--since": list({ sinceMs }),
    "--request": list({ requestId: newest?.requestId }),
    "trace of a request": find(oldest?.requestId),
    "trace of an invocation": find(oldest?.traceId),
  };
  const results: Record<string, number> = {};
  for (const [name, ask] of Object.entries(searches)) {
    const times: number[] = [];
    for (let count = 0; count < searchesEach; count++) {
      const beganMs = performance.now();
      if (await ask() === 0) throw new Error(`Cannot find anything by "${name}"`);
      times.push(performance.now() - beganMs);
    }
    results[name] = rounded(quantile(times, 1));
  }
  return results;
}
