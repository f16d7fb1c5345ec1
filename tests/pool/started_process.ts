import { WorkerProcess } from "../../runtime/pool/worker_process.ts";
import type { Ending, Failure, TaskShape } from "../../runtime/protocol/call.ts";
import type { TaskOutput } from "../../runtime/protocol/records.ts";
import { ManualClock } from "../manual_clock.ts";
import { callOf } from "../task/support.ts";
import { boot, type FakeWorkers } from "./fake_workers.ts";

/** To be ready. */
export const startTimeoutMs = 15_000;
/** From a request to end to force. */
export const graceMs = 5_000;

/** A process, and all it tells. */
export function startProcess(workers: FakeWorkers, options: { readonly describe?: boolean } = {}) {
  const clock = new ManualClock();
  const told = {
    ready: [] as (ReadonlyMap<string, TaskShape> | undefined)[],
    free: 0,
    retired: 0,
    output: [] as TaskOutput[],
    ended: [] as { failure: Failure; wasReady: boolean }[],
  };
  const process = new WorkerProcess({
    platform: workers.platform,
    hub: workers.hub,
    clock,
    boot,
    env: { PATH: "/bin" },
    describe: options.describe ?? false,
    startTimeoutMs,
    events: {
      onReady: (found) => void told.ready.push(found),
      onFree: () => void (told.free += 1),
      onRetired: () => void (told.retired += 1),
      onOutput: (output) => void told.output.push(output),
      onEnded: (why, wasReady) => void told.ended.push({ failure: why, wasReady }),
    },
  });
  const endings: Record<string, Ending> = {};
  const run = (name: string, task = "hello") =>
    process.run({
      ...callOf({ traceId: name, task }),
      onEnd(ending) {
        if (endings[name]) throw new Error(`Cannot end call "${name}" twice`);
        endings[name] = ending;
      },
    });
  return { clock, told, process, child: workers.last, endings, run };
}
