import { RuntimeError } from "../base/errors.ts";

/** The states of a worker process, see `WorkerProcess`. */
export type WorkerState = "starting" | "ready" | "stalled" | "retiring" | "stopping" | "ended";

const edges: Readonly<Record<WorkerState, readonly WorkerState[]>> = {
  starting: ["ready", "stopping", "ended"],
  ready: ["stalled", "retiring", "stopping", "ended"],
  stalled: ["ready", "retiring", "stopping", "ended"],
  retiring: ["stopping", "ended"],
  stopping: ["ended"],
  ended: [],
};

/**
 * Returns the next state.
 * @throws {RuntimeError} `worker_failed` when nothing leads there: a defect of ours.
 */
export function nextState(from: WorkerState, to: WorkerState): WorkerState {
  if (edges[from].includes(to)) return to;
  throw new RuntimeError("worker_failed", `Cannot go from "${from}" to "${to}"`);
}
