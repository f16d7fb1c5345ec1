/*
 * How a gateway knows which calls a worker has started, however blocked or dead it is.
 *
 * A worker starts calls in the order of their ids. Before it runs any code for one, it writes the id
 * into a few bytes of memory that it shares with the gateway through a file: no turn of an event loop
 * is needed, and the file outlives the process. Then it looks at the clock. A call that was sent more
 * than `startWithinMs` ago may have been taken back in the meantime, so that the worker undoes the
 * mark and asks. The gateway takes back only what it sent, or answered so, `takeBackAfterMs` ago and
 * finds unmarked.
 *
 * A call for which there is no place waits in the worker, and is given back when that takes too long.
 * Later calls may then be marked: the gateway is told at once.
 *
 * INVARIANT: mark first, clock second, and `startWithinMs` < `takeBackAfterMs`. A worker that passes
 * its look at the clock has therefore marked the call before the gateway can have looked at the mark.
 */

/** The bytes of the file: a word that says whether it is in use, and the mark. */
export const markBytes = 8;

/** A worker starts a call by itself this long after it was sent. */
export const startWithinMs = 200;

/** A gateway takes a call back no sooner than this long after it was sent. */
export const takeBackAfterMs = 300;

/** A worker gives calls back that have waited for a place for this long after they were sent. */
export const returnAfterMs = 20;

/** How long after `sentMs` it is at `nowMs`, on a clock that counts milliseconds modulo 2^32. */
export function elapsedMs(sentMs: number, nowMs: number): number {
  return (nowMs - sentMs) | 0;
}

/** The first word of the file, once a worker has mapped it. */
export const markInUse = 1;
