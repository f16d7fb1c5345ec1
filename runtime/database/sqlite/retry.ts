import { type Clock, systemClock } from "../../base/clock.ts";
import { delay } from "../../base/deadline.ts";
import { DatabaseError } from "../sql/errors.ts";
import { isBusy } from "./sqlite_errors.ts";

/** How long SQLite itself waits for a lock: the event loop stands still meanwhile. */
export const busyTimeoutMs = 5;

/** How long an operation is tried before it fails. */
const patienceMs = 15_000;
const shortestPauseMs = 1;
const longestPauseMs = 16;

/**
 * Tries an operation at once, and again for as long as others hold the lock. The pauses leave the
 * event loop free, and their lengths are random, so that processes do not meet each time.
 */
export async function retryWhileBusy<T>(
  attempt: () => T,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Promise<T> {
  const startedMs = clock.monotonicMs();
  for (let pauseMs = shortestPauseMs;; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      const waitedMs = Math.round(clock.monotonicMs() - startedMs);
      if (waitedMs > patienceMs) {
        const message = `Cannot use the database: others have held it for ${waitedMs} ms`;
        throw new DatabaseError("busy", message, { cause: error });
      }
    }
    await delay(pauseMs * (0.5 + Math.random()), { clock });
  }
}
