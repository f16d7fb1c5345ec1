import { systemClock } from "../../base/clock.ts";
import { delay } from "../../base/deadline.ts";
import { RuntimeError } from "../../base/errors.ts";
import type { Platform } from "../../platform/platform.ts";

const lookMs = 400;
/** Of the time, at most one part in so many goes into looking. */
const restShare = 4;
/** A server that starts or stops, or whose files are on their way, is given so long. */
const patienceMs = 15_000;

/** Aborts when a person has seen enough. */
export function untilInterrupted(platform: Pick<Platform, "onSignal">): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    platform.onSignal(signal, () => controller.abort());
  }
  return controller.signal;
}

/**
 * Looks again and again until the signal aborts or a look says that nobody cares any more; outlives
 * a server that restarts.
 */
export async function follow(look: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  let workedMs = systemClock.monotonicMs();
  while (!signal.aborted) {
    const startMs = systemClock.monotonicMs();
    try {
      if (!await look()) return;
      workedMs = systemClock.monotonicMs();
    } catch (error) {
      const isPatient = systemClock.monotonicMs() - workedMs < patienceMs;
      if (!(error instanceof RuntimeError) || !isPatient) throw error;
    }
    const tookMs = systemClock.monotonicMs() - startMs;
    await delay(Math.max(lookMs, restShare * tookMs), { signal }).catch(ignoreInterrupt);
  }
}

function ignoreInterrupt(): void {
  // The loop sees the signal itself.
}
