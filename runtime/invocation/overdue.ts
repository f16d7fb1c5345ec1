import type { TaskSettings } from "../base/task_settings.ts";
import type { Recorder } from "../protocol/records.ts";
import type { Attempt } from "./attempt.ts";

/** A request whose invocations may run for too long, and who is told. */
export interface WatchedRequest {
  readonly attempts: readonly Attempt[];
  readonly settings: TaskSettings;
  readonly nowMs: number;
  readonly recorder: Recorder;
}

/** Past its own timeout an invocation runs on, watched; past `maxDuration` it is ended. */
export function watchOverdue(request: WatchedRequest): void {
  const { settings: { timeoutMs, maxDurationMs }, nowMs, recorder } = request;
  for (const attempt of request.attempts) {
    const { slot, startedMs } = attempt;
    if (!attempt.isRunning || !slot || startedMs === undefined) continue;
    const elapsedMs = nowMs - startedMs;
    if (!attempt.isOverdue && elapsedMs >= timeoutMs) {
      attempt.isOverdue = true;
      slot.abort("Overdue");
      slot.overdue();
      recorder.invocationOverdue(attempt.toOverdue());
    }
    if (!attempt.isKilled && elapsedMs >= maxDurationMs) {
      attempt.isKilled = true;
      slot.kill(`an invocation ran longer than maxDuration, ${maxDurationMs} ms`);
    }
  }
}

/** Records what runs and has not been over at once: it can be looked up while it runs. */
export function recordRunning(attempts: readonly Attempt[], recorder: Recorder): void {
  for (const attempt of attempts) {
    if (!attempt.isRunning || attempt.isSeen) continue;
    attempt.isSeen = true;
    recorder.invocationRunning(attempt.toRunning());
  }
}

/** Takes back that an attempt runs: its process had not started it. */
export function recordReturned(attempt: Attempt, recorder: Recorder): void {
  if (attempt.isSeen) recorder.invocationReturned(attempt.toRunning());
  attempt.isSeen = false;
}

/** When there will be something to do for `watchOverdue`; infinite when there will not. */
export function nextOverdueMs(attempts: readonly Attempt[], settings: TaskSettings): number {
  const { timeoutMs, maxDurationMs } = settings;
  let nextMs = Infinity;
  for (const { isRunning, isOverdue, isKilled, startedMs = 0 } of attempts) {
    // What has been killed ends by itself: there is nothing more to wake up for.
    if (!isRunning || isKilled) continue;
    nextMs = Math.min(nextMs, startedMs + (isOverdue ? maxDurationMs : timeoutMs));
  }
  return nextMs;
}
