import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { conformance, expectAnswer } from "./cases.ts";
import { untilInvocation } from "./records.ts";
import type { TestServer } from "./server.ts";
import { until, untilExists } from "./wait.ts";

const apps = ["initrode"];
const host = "initrode-testing.localhost";
const clientTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

async function metricsOf(server: TestServer): Promise<string[]> {
  const unix = join(server.dataFolder, "admin.sock");
  const response = await fetch("http://localhost/metrics", { unix });
  expect(response.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  return (await response.text()).split("\n");
}

/** Waits until the metrics have these lines, of tasks of this app. */
async function untilMetrics(server: TestServer, wanted: readonly string[]): Promise<void> {
  let missing: string[] = [];
  const isThere = async () => {
    const lines = await metricsOf(server);
    missing = wanted.filter((line) => !lines.includes(line));
    return missing.length === 0;
  };
  await until("the metrics", isThere).catch((cause) => {
    throw new Error(`Cannot find in the metrics:\n${missing.join("\n")}`, { cause });
  });
}

/** As Prometheus writes the labels of a task. */
function of(task: string, more = ""): string {
  return `{deployment="initrode-testing",task="${task}"${more}}`;
}

conformance("metrics", {
  apps,
  flags: ["--max=1", "--process-concurrency=1", "--max-queue=2"],
}, (server) => {
  test("count requests, by where they went and how they ended", async () => {
    for (let times = 0; times < 3; times++) await server().fetch("/hello", { host });
    expectAnswer(await server().fetch("/faulty", { host }), { status: 500 });
    for (const path of ["/no_task", "/another"]) {
      expectAnswer(await server().fetch(path, { host }), { status: 404 });
    }
    await untilMetrics(server(), [
      `webtaskd_requests_total${of("hello", ',status="2xx"')} 3`,
      `webtaskd_requests_total${of("faulty", ',status="5xx"')} 1`,
      'webtaskd_requests_total{deployment="",task="",status="4xx"} 2',
      `webtaskd_request_duration_seconds_count${of("hello")} 3`,
      `webtaskd_attempts_total${of("hello", ',attempt="1"')} 3`,
      `webtaskd_invocations_total${of("hello", ',state="COMPLETED"')} 3`,
      `webtaskd_invocations_total${of("faulty", ',state="FAILED"')} 1`,
      'webtaskd_queue_wait_seconds_count{deployment="initrode-testing"} 4',
      'webtaskd_processes{deployment="initrode-testing",state="ready"} 1',
    ]);
  });

  test("count requests that got no answer in time, and their attempts", async () => {
    expectAnswer(await server().fetch("/overdue", { host }), { status: 504 });
    await untilMetrics(server(), [
      `webtaskd_request_timeouts_total${of("overdue")} 1`,
      `webtaskd_attempts_total${of("overdue", ',attempt="1"')} 1`,
      `webtaskd_attempts_total${of("overdue", ',attempt="2"')} 1`,
    ]);
  });

  test("show the queue, and who was turned down", async () => {
    const file = join(server().folder, "queue");
    const path = `/waiting?file=${encodeURIComponent(file)}`;
    const running = server().fetch(path, { host });
    await untilExists(`${file}.started`);
    const queued = [1, 2].map(() => server().fetch(path, { host }));
    await untilMetrics(server(), ['webtaskd_queue_length{deployment="initrode-testing"} 2']);
    expectAnswer(await server().fetch(path, { host }), { status: 503 });
    writeFileSync(file, "");
    for (const answer of await Promise.all([running, ...queued])) {
      expectAnswer(answer, { status: 200 });
    }
    await untilMetrics(server(), [
      `webtaskd_requests_total${of("waiting", ',status="2xx"')} 3`,
      `webtaskd_requests_total${of("waiting", ',status="5xx"')} 1`,
      'webtaskd_queue_length{deployment="initrode-testing"} 0',
    ]);
  });

  test("count restarts by reason", async () => {
    expectAnswer(await server().fetch("/faulty?how=exits", { host }), { status: 500 });
    await untilMetrics(server(), [
      'webtaskd_worker_restarts_total{deployment="initrode-testing",reason="exited"} 1',
      `webtaskd_invocations_total${of("faulty", ',state="CRASHED"')} 1`,
    ]);
  });

  test("tell of the gateway itself, and never on the public port", async () => {
    const lines = (await metricsOf(server())).filter((line) => !line.startsWith("#"));
    for (
      const [name, least] of [
        ["process_cpu_seconds_total", 0.01],
        ["process_resident_memory_bytes", 1e6],
        ["process_start_time_seconds", 1.7e9],
        ["webtaskd_event_loop_lag_seconds_count", 1],
        ["webtaskd_store_lag_seconds", 0],
      ] as const
    ) {
      const value = Number(lines.find((line) => line.startsWith(`${name} `))?.split(" ")[1]);
      expect(value).toBeGreaterThanOrEqual(least);
    }
    expectAnswer(await server().fetch("/metrics", { host }), { status: 404 });
  });
});

/** A server that answers with the headers it gets. */
function createMirror() {
  const mirror = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => Response.json(Object.fromEntries(request.headers)),
  });
  return { url: String(mirror.url), [Symbol.asyncDispose]: () => mirror.stop(true) };
}

conformance("the trace of a request", { apps, flags: ["--log=json"] }, (server) => {
  const relay = async (url: string, headers: Record<string, string> = {}, own = "") => {
    const query = new URLSearchParams({ url, ...(own && { own }) });
    const answer = await server().fetch(`/relay?${query}`, { host, headers });
    expectAnswer(answer, { status: 200 });
    return JSON.parse(answer.text);
  };

  test("is passed on by fetch, and each of many keeps its own", async () => {
    await using mirror = createMirror();
    const parents = Array.from({ length: 20 }, (_, index) => {
      const traceId = String(index + 1).padStart(32, "0");
      return index % 2 === 0 ? `00-${traceId}-00f067aa0ba902b7-00` : undefined;
    });
    await Promise.all(parents.map(async (traceparent) => {
      const headers = traceparent ? { traceparent, tracestate: "vendor=1" } : {};
      const { seen, incoming, traceId } = await relay(
        mirror.url,
        headers as Record<string, string>,
      );
      expect(incoming).toBe(traceparent ?? null);
      const spanId = traceId.slice(0, 16);
      expect(seen.traceparent).toBe(
        traceparent ? `00-${traceparent.slice(3, 35)}-${spanId}-00` : `00-${traceId}-${spanId}-01`,
      );
      expect(seen.tracestate).toBe(traceparent ? "vendor=1" : undefined);
    }));
  });

  test("is not passed on where the task has one of its own", async () => {
    await using mirror = createMirror();
    const own = `00-${clientTrace}-1111111111111111-01`;
    expect((await relay(mirror.url, {}, own)).seen.traceparent).toBe(own);
  });

  test("is ignored where it is not valid, and recorded where it is", async () => {
    await using mirror = createMirror();
    const bad = `00-${clientTrace}-0000000000000000-01`;
    const { seen, traceId } = await relay(mirror.url, { traceparent: bad, tracestate: "a=1" });
    expect(seen.traceparent).toBe(`00-${traceId}-${traceId.slice(0, 16)}-01`);
    expect(seen.tracestate).toBeUndefined();
    expect(await untilInvocation(server(), traceId)).not.toHaveProperty("traceparent");
    const good = `00-${clientTrace}-00f067aa0ba902b7-01`;
    const other = await relay(mirror.url, { traceparent: good });
    expect(other.traceId).not.toBe(clientTrace);
    expect(await untilInvocation(server(), other.traceId)).toMatchObject({ traceparent: good });
  });
});

conformance("the figures of an invocation", { apps, flags: ["--log=json"] }, (server) => {
  test("are in its record: times always, the process where it ran for long", async () => {
    const quick = await server().fetch("/hello", { host });
    const record = await untilInvocation(server(), quick.headers.get("x-trace-id"));
    expect(record.authenticateMs).toBeGreaterThanOrEqual(0);
    expect(record.handlerMs).toBeGreaterThanOrEqual(0);
    expect(record.queuedMs).toBeGreaterThanOrEqual(0);
    const late = await server().fetch("/overdue", { host });
    const { handlerMs, cpuMs, peakRssBytes } = await untilInvocation(
      server(),
      late.headers.get("x-trace-id"),
    );
    expect(handlerMs).toBeGreaterThan(900);
    expect(cpuMs).toBeGreaterThan(20);
    expect(peakRssBytes).toBeGreaterThan(5e6);
  });

  test("are those of the gateway alone where its process died", async () => {
    const answer = await server().fetch("/faulty?how=exits", { host });
    const record = await untilInvocation(server(), answer.headers.get("x-trace-id"));
    expect(record).toMatchObject({ state: "CRASHED", queuedMs: expect.any(Number) });
    expect(record).not.toHaveProperty("handlerMs");
  });
});
