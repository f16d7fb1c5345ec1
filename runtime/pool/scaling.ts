import type { PoolSettings } from "./pool_settings.ts";
import type { SharedCounts } from "./roster.ts";

/** What decides whether a pool starts another process. */
export interface PoolView extends SharedCounts {
  readonly queueLength: number;
  /** Whether somebody has stood in the queue for longer than a busy moment explains. */
  readonly hasWaitedLong: boolean;
  /** Whether somebody waits to learn what a task exports, and no process is finding out. */
  readonly isDescriptionWanted: boolean;
}

/**
 * Decides whether another process is worth its start: pure. A queue alone is no reason: one warm
 * process that turns requests over quickly is cheaper than two. A queue in which somebody waits is.
 */
export function wantsProcess(view: PoolView, settings: PoolSettings): boolean {
  const { starting, slow, ready, outside, queueLength } = view;
  const serving = starting + slow + ready;
  const excess = Math.max(0, outside - settings.maxOverdueProcesses);
  if (serving + excess >= settings.maxProcesses) return false;
  if (serving < settings.minProcesses) return true;
  if (view.isDescriptionWanted) return true;
  if (queueLength === 0 || starting > 0) return false;
  return ready === 0 || view.hasWaitedLong;
}
