import { describe, expect, test } from "bun:test";
import { busyTimeoutMs, retryWhileBusy } from "../../runtime/database/sqlite/retry.ts";
import { ManualClock } from "../manual_clock.ts";

const locked = new Error("database is locked");

/** Runs until the work has settled, a millisecond of the clock at a time. */
async function runUntilSettled<T>(
  clock: ManualClock,
  work: Promise<T>,
): Promise<PromiseSettledResult<T>> {
  const state: { result?: PromiseSettledResult<T> } = {};
  void Promise.allSettled([work]).then(([result]) => state.result = result);
  while (state.result === undefined) {
    clock.advance(1);
    await Promise.resolve();
  }
  return state.result;
}

describe("retryWhileBusy()", () => {
  test("tries at once, and returns what the attempt does", async () => {
    expect(await retryWhileBusy(() => 5)).toBe(5);
  });

  test.each([1, 100, 5_000, 14_000])("outlasts a lock of %p ms", async (heldMs) => {
    const clock = new ManualClock();
    const startMs = clock.monotonicMs();
    let attempts = 0;
    const work = retryWhileBusy(() => {
      attempts += 1;
      if (clock.monotonicMs() < startMs + heldMs) throw locked;
      return "done";
    }, { clock });
    expect(await runUntilSettled(clock, work)).toMatchObject({
      status: "fulfilled",
      value: "done",
    });
    // Pauses grow, so that those who wait do not keep the processor busy.
    expect(attempts).toBeLessThan(10 + heldMs / 8);
    expect(clock.monotonicMs() - startMs).toBeLessThan(heldMs + 30);
  });

  test("gives up after 15 s, and says so", async () => {
    const clock = new ManualClock();
    const startMs = clock.monotonicMs();
    const work = retryWhileBusy(() => {
      throw locked;
    }, { clock });
    expect(await runUntilSettled(clock, work)).toMatchObject({
      status: "rejected",
      reason: { name: "DatabaseError", code: "busy", cause: locked },
    });
    expect(clock.monotonicMs() - startMs).toBeGreaterThan(15_000);
    expect(clock.monotonicMs() - startMs).toBeLessThan(15_100);
  });

  test("passes other errors on at once", async () => {
    let attempts = 0;
    const work = retryWhileBusy(() => {
      attempts += 1;
      throw new Error("disk I/O error");
    });
    await expect(work).rejects.toThrow("disk I/O error");
    expect(attempts).toBe(1);
  });

  test("lets the engine block the event loop for at most 50 ms a time", () => {
    expect(busyTimeoutMs).toBeLessThanOrEqual(50);
  });
});
