import type { Counts, DeploymentCounts } from "./counts.ts";
import type { Metric, Tell } from "./exposition.ts";
import type { LoopLag } from "./loop_lag.ts";
import type { TaskCounts } from "./task_counts.ts";

const msPerSecond = 1000;
/** Ends that are no restart: the process was not wanted any more. */
const welcomeEnds: readonly string[] = ["retired", "stopping", "idle"];

/** The processes of a release and the queue in front of them, at one moment. */
export interface PoolState {
  readonly deployment: string;
  readonly queueLength: number;
  /** How many processes are in each state. */
  readonly processes: Readonly<Record<string, number>>;
}

/** Spans on their way to a collector. */
export interface SpanCounts {
  readonly exported: number;
  readonly dropped: number;
}

/** Where metrics are read from. */
export interface MetricSources {
  readonly counts: Counts;
  readonly loopLag: LoopLag;
  /** Of every release that may still run something; a deployment may have several. */
  pools(): readonly PoolState[];
  /** How far stored records are behind; undefined where none are stored. */
  readonly storeLagMs: (() => number | undefined) | undefined;
  /** Undefined where spans go nowhere. */
  readonly spans: (() => SpanCounts) | undefined;
  readonly process: {
    usage(): { readonly cpuMs: number };
    rssBytes(): number;
    /** Milliseconds since 1970. */
    readonly startedAt: number;
  };
}

/** Lists every metric of a server. */
export function listMetrics(sources: MetricSources): readonly Metric[] {
  return [
    ...requestMetrics(sources.counts),
    ...poolMetrics(sources),
    ...serverMetrics(sources),
    ...processMetrics(sources),
  ];
}

function requestMetrics(counts: Counts): readonly Metric[] {
  const labels = ["deployment", "task"];
  return [
    {
      kind: "counter",
      name: "webtaskd_requests_total",
      help: "Answered requests",
      labels: [...labels, "status"],
      read: eachTask(counts, (task, tell: Tell<number>, labels) => {
        for (const [status, count] of task.byClass()) tell({ ...labels, status }, count);
      }),
    },
    {
      kind: "histogram",
      name: "webtaskd_request_duration_seconds",
      help: "Time from the head of a request to its answer",
      labels,
      read: eachTask(counts, (task, tell, labels) => tell(labels, task.durations)),
    },
    {
      kind: "counter",
      name: "webtaskd_request_timeouts_total",
      help: "Requests answered with 504",
      labels,
      read: eachTask(counts, (task, tell: Tell<number>, labels) => tell(labels, task.timedOut)),
    },
    {
      kind: "counter",
      name: "webtaskd_attempts_total",
      help: "Ended invocations by their number among those of their request",
      labels: [...labels, "attempt"],
      read: eachTask(counts, (task, tell: Tell<number>, labels) => {
        for (const [attempt, count] of task.byAttempt()) tell({ ...labels, attempt }, count);
      }),
    },
    {
      kind: "counter",
      name: "webtaskd_invocations_total",
      help: "Ended invocations by state",
      labels: [...labels, "state"],
      read: eachTask(counts, (task, tell: Tell<number>, labels) => {
        for (const [state, count] of task.byState()) tell({ ...labels, state }, count);
      }),
    },
  ];
}

function poolMetrics({ counts, pools }: MetricSources): readonly Metric[] {
  return [
    {
      kind: "gauge",
      name: "webtaskd_queue_length",
      help: "Invocations that wait for a process",
      labels: ["deployment"],
      read: (tell) => {
        for (const { deployment, queueLength } of pools()) tell({ deployment }, queueLength);
      },
    },
    {
      kind: "histogram",
      name: "webtaskd_queue_wait_seconds",
      help: "Time that ended invocations had waited for a process",
      labels: ["deployment"],
      read: eachDeployment(counts, ({ waits }, tell, labels) => tell(labels, waits)),
    },
    {
      kind: "gauge",
      name: "webtaskd_processes",
      help: "Worker processes by state",
      labels: ["deployment", "state"],
      read: (tell) => {
        for (const { deployment, processes } of pools()) {
          for (const [state, count] of Object.entries(processes)) {
            tell({ deployment, state }, count);
          }
        }
      },
    },
    {
      kind: "counter",
      name: "webtaskd_worker_restarts_total",
      help: "Worker processes that ended although they were wanted, by reason",
      labels: ["deployment", "reason"],
      read: eachDeployment(counts, ({ ends }, tell: Tell<number>, { deployment }) => {
        for (const [reason, count] of ends) {
          if (!welcomeEnds.includes(reason)) tell({ deployment, reason }, count);
        }
      }),
    },
  ];
}

function serverMetrics({ loopLag, storeLagMs, spans }: MetricSources): readonly Metric[] {
  return [
    {
      kind: "histogram",
      name: "webtaskd_event_loop_lag_seconds",
      help: "How late timers of the gateway are",
      labels: [],
      read: (tell) => tell({}, loopLag.lags),
    },
    ...(storeLagMs ? storeMetrics(storeLagMs) : []),
    ...(spans ? spanMetrics(spans) : []),
  ];
}

function storeMetrics(lagMs: () => number | undefined): readonly Metric[] {
  return [{
    kind: "gauge",
    name: "webtaskd_store_lag_seconds",
    help: "Age of the oldest record that is not stored yet",
    labels: [],
    read: (tell) => tell({}, (lagMs() ?? 0) / msPerSecond),
  }];
}

function spanMetrics(spans: () => SpanCounts): readonly Metric[] {
  return [
    {
      kind: "counter",
      name: "webtaskd_spans_exported_total",
      help: "Spans that the collector has taken",
      labels: [],
      read: (tell) => tell({}, spans().exported),
    },
    {
      kind: "counter",
      name: "webtaskd_spans_dropped_total",
      help: "Spans that were lost on their way to the collector",
      labels: [],
      read: (tell) => tell({}, spans().dropped),
    },
  ];
}

/** Under the names that the library gives them, which dashboards know. */
function processMetrics({ process }: MetricSources): readonly Metric[] {
  return [
    {
      kind: "counter",
      name: "process_cpu_seconds_total",
      help: "CPU time of the gateway",
      labels: [],
      read: (tell) => tell({}, process.usage().cpuMs / msPerSecond),
    },
    {
      kind: "gauge",
      name: "process_resident_memory_bytes",
      help: "Resident memory of the gateway",
      labels: [],
      read: (tell) => tell({}, process.rssBytes()),
    },
    {
      kind: "gauge",
      name: "process_start_time_seconds",
      help: "When the gateway was started, in seconds since 1970",
      labels: [],
      read: (tell) => tell({}, process.startedAt / msPerSecond),
    },
  ];
}

/** Types, not interfaces: those would not pass for a record of labels. */
type DeploymentLabel = { readonly deployment: string };

function eachDeployment<T>(
  counts: Counts,
  read: (counts: DeploymentCounts, tell: Tell<T>, labels: DeploymentLabel) => void,
): (tell: Tell<T>) => void {
  return (tell) => {
    for (const [deployment, own] of counts.deployments) read(own, tell, { deployment });
  };
}

type TaskLabels = DeploymentLabel & { readonly task: string };

function eachTask<T>(
  counts: Counts,
  read: (counts: TaskCounts, tell: Tell<T>, labels: TaskLabels) => void,
): (tell: Tell<T>) => void {
  return (tell) => {
    for (const [deployment, { tasks }] of counts.deployments) {
      for (const [task, own] of tasks) read(own, tell, { deployment, task });
    }
  };
}
