/** Time as the supervisor sees it; tests hand in a manual one. */
export interface Clock {
  /** Milliseconds on a clock that only moves forward; its zero has no meaning. */
  monotonicMs(): number;
  /** Milliseconds since 1970-01-01T00:00:00Z, for what people read. */
  wallMs(): number;
  /** Calls back once after `delayMs`; the returned function cancels it and may be called twice. */
  after(delayMs: number, callback: () => void): CancelTimer;
}

/** Cancels the timer that returned it. */
export type CancelTimer = () => void;

/** Task code may replace the global ones, and what it is kept to must still end. */
const { setTimeout, clearTimeout } = globalThis;

/** The clock of the machine. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
