import type { Log } from "../base/log.ts";
import type { TaskShape } from "../protocol/call.ts";

/** Names in the log each task to which every request will get 500, and says why. */
export function logTaskFaults(
  log: Log,
  { deployment, shapes }: {
    readonly deployment: string;
    readonly shapes: ReadonlyMap<string, TaskShape> | undefined;
  },
): void {
  for (const [task, shape] of shapes ?? []) {
    const fault = faultOf(shape);
    if (fault) log.error("task.broken", { deployment, task, ...fault });
  }
}

function faultOf(shape: TaskShape): { reason: string; stack: string | undefined } | undefined {
  if (shape.kind === "broken") return { reason: shape.failure.message, stack: shape.failure.stack };
  if (shape.hasAuthenticate) return undefined;
  return { reason: 'missing export "authenticate": add it', stack: undefined };
}
