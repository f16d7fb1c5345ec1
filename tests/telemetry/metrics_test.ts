import { describe, expect, test } from "bun:test";
import { Counts } from "../../runtime/telemetry/counts.ts";
import { createExposition } from "../../runtime/telemetry/exposition.ts";
import { LoopLag } from "../../runtime/telemetry/loop_lag.ts";
import { listMetrics, type MetricSources } from "../../runtime/telemetry/metrics.ts";
import { ManualClock } from "../manual_clock.ts";
import { invocationOf, requestOf } from "./support.ts";

/** Everything that metrics are read from, and the text that they come to. */
function createMetrics(more: Partial<MetricSources> = {}) {
  const clock = new ManualClock();
  const counts = new Counts();
  const loopLag = new LoopLag(clock);
  const sources: MetricSources = {
    ...{ counts, loopLag, pools: () => [], storeLagMs: undefined, spans: undefined },
    process: { usage: () => ({ cpuMs: 1_500 }), rssBytes: () => 4_096, startedAt: 5_000 },
    ...more,
  };
  const exposition = createExposition(listMetrics(sources));
  const lines = async () => (await (await exposition)()).text.split("\n");
  const seriesOf = async (name: string) =>
    (await lines()).filter((line) => new RegExp(`^${name}[ {]`).test(line));
  return { clock, counts, loopLag, lines, seriesOf };
}

describe("metrics", () => {
  test("count requests by deployment, task and class of status", async () => {
    const { counts, seriesOf } = createMetrics();
    for (const status of [200, 204, 503]) counts.requestEnded(requestOf({ status }));
    counts.requestEnded(
      requestOf({ deployment: undefined, release: undefined, task: undefined, status: 404 }),
    );
    expect(await seriesOf("webtaskd_requests_total")).toEqual([
      'webtaskd_requests_total{deployment="acme",task="hello",status="2xx"} 2',
      'webtaskd_requests_total{deployment="acme",task="hello",status="5xx"} 1',
      'webtaskd_requests_total{deployment="",task="",status="4xx"} 1',
    ]);
    // Read again, it is the same: what is told is no increment.
    expect(await seriesOf("webtaskd_requests_total")).toHaveLength(3);
    expect((await seriesOf("webtaskd_requests_total"))[0]).toEndWith(" 2");
  });

  test("put durations into buckets", async () => {
    const { counts, lines } = createMetrics();
    for (const durationMs of [0.5, 1, 70, 500_000]) counts.requestEnded(requestOf({ durationMs }));
    const name = "webtaskd_request_duration_seconds";
    const labels = 'deployment="acme",task="hello"';
    expect(await lines()).toEqual(expect.arrayContaining([
      `# TYPE ${name} histogram`,
      `${name}_bucket{le="0.001",${labels}} 2`,
      `${name}_bucket{le="0.05",${labels}} 2`,
      `${name}_bucket{le="0.1",${labels}} 3`,
      `${name}_bucket{le="180",${labels}} 3`,
      `${name}_bucket{le="+Inf",${labels}} 4`,
      `${name}_sum{${labels}} 500.0715`,
      `${name}_count{${labels}} 4`,
    ]));
  });

  test("count 504s, attempts, states and waits", async () => {
    const { counts, lines } = createMetrics();
    counts.requestEnded(requestOf({ status: 504, answer: "timed-out" }));
    counts.invocationEnded(invocationOf({ queuedMs: 20 }));
    counts.invocationEnded(invocationOf({ attempt: 2, state: "KILLED" }));
    const labels = 'deployment="acme",task="hello"';
    expect(await lines()).toEqual(expect.arrayContaining([
      `webtaskd_request_timeouts_total{${labels}} 1`,
      `webtaskd_attempts_total{${labels},attempt="1"} 1`,
      `webtaskd_attempts_total{${labels},attempt="2"} 1`,
      `webtaskd_invocations_total{${labels},state="COMPLETED"} 1`,
      `webtaskd_invocations_total{${labels},state="KILLED"} 1`,
      'webtaskd_queue_wait_seconds_bucket{le="0.01",deployment="acme"} 1',
      'webtaskd_queue_wait_seconds_bucket{le="0.05",deployment="acme"} 2',
    ]));
  });

  test("add up the pools of a deployment, as they are now", async () => {
    const old = { deployment: "acme", queueLength: 2, processes: { ready: 1, stopping: 1 } };
    const fresh = { deployment: "acme", queueLength: 3, processes: { ready: 2, stopping: 0 } };
    let pools = [old, fresh];
    const { seriesOf } = createMetrics({ pools: () => pools });
    expect(await seriesOf("webtaskd_queue_length")).toEqual([
      'webtaskd_queue_length{deployment="acme"} 5',
    ]);
    pools = [fresh];
    expect(await seriesOf("webtaskd_processes")).toEqual([
      'webtaskd_processes{deployment="acme",state="ready"} 2',
      'webtaskd_processes{deployment="acme",state="stopping"} 0',
    ]);
  });

  test("count restarts by reason, and not the ends of processes that nobody needs", async () => {
    const { counts, seriesOf } = createMetrics();
    for (const cause of ["exited", "memory", "exited", "idle", "stopping", "retired"]) {
      counts.processEnded("acme", cause);
    }
    expect(await seriesOf("webtaskd_worker_restarts_total")).toEqual([
      'webtaskd_worker_restarts_total{deployment="acme",reason="exited"} 2',
      'webtaskd_worker_restarts_total{deployment="acme",reason="memory"} 1',
    ]);
  });

  test("tell of the process, the store and the spans, where there are such", async () => {
    const { lines } = createMetrics({
      storeLagMs: () => 120,
      spans: () => ({ exported: 5, dropped: 2 }),
    });
    expect(await lines()).toEqual(expect.arrayContaining([
      ...["process_cpu_seconds_total 1.5", "process_resident_memory_bytes 4096"],
      ...["process_start_time_seconds 5", "webtaskd_store_lag_seconds 0.12"],
      ...["webtaskd_spans_exported_total 5", "webtaskd_spans_dropped_total 2"],
    ]));
    expect((await createMetrics().lines()).join()).not.toMatch(/store_lag|spans/);
  });

  test("tell how late the event loop is", async () => {
    const { clock, loopLag, lines } = createMetrics();
    clock.advance(250);
    clock.advance(250);
    expect(await lines()).toContain("webtaskd_event_loop_lag_seconds_count 2");
    loopLag.stop();
    expect(clock.pending).toBe(0);
  });
});
