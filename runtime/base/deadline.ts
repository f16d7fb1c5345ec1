import { type Clock, systemClock } from "./clock.ts";
import { RuntimeError } from "./errors.ts";

/** What a bounded wait needs besides its time. */
export interface WaitOptions {
  /** Ends the wait early; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
  /** Completes "Cannot …" in the error of a wait that took too long. */
  readonly what?: string;
}

/**
 * Waits for a promise, at most `timeoutMs`.
 * @throws {RuntimeError} `overdue` when the time is over first.
 */
export function deadline<T>(work: Promise<T>, timeoutMs: number, options: WaitOptions = {}) {
  const { signal, clock = systemClock, what = "finish in time" } = options;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => settle(() => reject(signal?.reason));
    const cancel = clock.after(
      timeoutMs,
      () =>
        settle(() => reject(new RuntimeError("overdue", `Cannot ${what}: ${timeoutMs} ms over`))),
    );
    const settle = (end: () => void) => {
      cancel();
      signal?.removeEventListener("abort", onAbort);
      end();
    };
    work.then((value) => settle(() => resolve(value)), (error) => settle(() => reject(error)));
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Waits `delayMs`; rejects with the signal's reason when that aborts first. */
export function delay(delayMs: number, options: Omit<WaitOptions, "what"> = {}): Promise<void> {
  const { signal, clock = systemClock } = options;
  return new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Waits for a promise up to `timeoutMs` and says whether it settled in time; never rejects. */
export function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  return deadline(work, timeoutMs).then(
    () => true,
    (error) => !(error instanceof RuntimeError && error.code === "overdue"),
  );
}
