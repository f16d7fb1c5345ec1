import { silentLog } from "../../runtime/base/log.ts";
import type { DescribePlan } from "../../runtime/pool/task_shapes.ts";
import { WorkerProcess } from "../../runtime/pool/worker_process.ts";
import type { ProcessEnd } from "../../runtime/pool/process_end.ts";
import type { Ending, TaskShape } from "../../runtime/protocol/call.ts";
import type { TaskOutput } from "../../runtime/protocol/records.ts";
import { ManualClock } from "../manual_clock.ts";
import { callOf } from "../task/support.ts";
import { boot, type FakeWorkers } from "./fake_workers.ts";

/** To connect. */
export const startTimeoutMs = 15_000;
/** From one sign of life to the next while tasks are loaded. */
export const loadTimeoutMs = 12_000;
/** From a request to end to force. */
export const graceMs = 5_000;
/** Both tasks, one after the other only where it has to be. */
export const both: DescribePlan = { tasks: ["hello", "slow"], isCareful: false };

/** A process, and all it tells. */
export function startProcess(
  workers: FakeWorkers,
  options: {
    readonly describe?: DescribePlan;
    readonly preload?: string;
    readonly processConcurrency?: number;
  } = {},
) {
  const clock = new ManualClock();
  const told = {
    connected: 0,
    ready: 0,
    slow: 0,
    free: 0,
    unavailable: 0,
    shapes: [] as (readonly [string, TaskShape])[],
    /** The trace IDs of calls given back, a list each time. */
    returned: [] as string[][],
    output: [] as TaskOutput[],
    ended: [] as ProcessEnd[],
  };
  /** What is to be done once it is ready. */
  const onReady: (() => void)[] = [];
  const process = new WorkerProcess({
    platform: workers.platform,
    hub: workers.hub,
    log: silentLog,
    memoryGroups: undefined,
    clock,
    boot,
    env: { PATH: "/bin" },
    processConcurrency: options.processConcurrency ?? 16,
    describe: options.describe,
    preload: options.preload,
    events: {
      onConnected: () => void (told.connected += 1),
      onReady() {
        told.ready += 1;
        for (const action of onReady) action();
      },
      onSlow: () => void (told.slow += 1),
      onShape: (task, shape) => void told.shapes.push([task, shape]),
      onFree: () => void (told.free += 1),
      onUnavailable: () => void (told.unavailable += 1),
      onReturned: (calls) => void told.returned.push(calls.map(({ traceId }) => traceId)),
      onOutput: (output) => void told.output.push(output),
      onEnded: (end) => void told.ended.push(end),
    },
  });
  const endings: Record<string, Ending> = {};
  const run = (name: string, task = "hello") =>
    process.run({
      ...callOf({ traceId: name, task }),
      sentMs: clock.monotonicMs(),
      onEnd(ending) {
        if (endings[name]) throw new Error(`Cannot end call "${name}" twice`);
        endings[name] = ending;
      },
      onReturned() {
        throw new Error("Cannot give a call back but through the pool");
      },
    });
  /** Lets time pass while the pool's upkeep looks at the process every 100 ms. */
  const watch = (durationMs: number) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
      clock.advance(100);
      process.watch(clock.monotonicMs());
    }
  };
  return { clock, told, process, child: workers.last, onReady, endings, run, watch };
}
