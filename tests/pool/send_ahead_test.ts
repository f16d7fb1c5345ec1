import { describe, expect, test } from "bun:test";
import { SendAhead } from "../../runtime/pool/send_ahead.ts";
import { ManualClock } from "../manual_clock.ts";

/** After rounds that took so long, in each of which a call ended for each place. */
function afterRounds(roundsMs: readonly number[], processConcurrency = 16) {
  const clock = new ManualClock();
  const ahead = new SendAhead({ clock, processConcurrency });
  const endRound = (tookMs: number) => {
    for (let count = 1; count < processConcurrency; count++) ahead.ended();
    clock.advance(tookMs);
    ahead.ended();
  };
  // Nothing is known of when it began.
  for (const tookMs of [0, ...roundsMs]) endRound(tookMs);
  return { ahead, endRound };
}

const quick = (count: number) => Array<number>(count).fill(5);

describe("SendAhead", () => {
  test.each([
    ["nothing of a process that has shown nothing", [], 0],
    ["nothing after a few quick calls", quick(2), 0],
    ["a call for each quick one from then on", quick(3), 16],
    ["three for each place at most", quick(100), 48],
    ["nothing after a slow round", [...quick(100), 6], 0],
    ["a call for each quick one after that", [...quick(100), 6, ...quick(2)], 32],
    ["nothing of a process that is slow", Array<number>(100).fill(6), 0],
  ])("sends %s", (_what, roundsMs, most) => {
    expect(afterRounds(roundsMs).ahead.most).toBe(most);
  });

  test("sends no more than larger batches pay for, however many places there are", () => {
    expect(afterRounds(quick(100), 1_000).ahead.most).toBe(64);
    expect(afterRounds(quick(100), 1).ahead.most).toBe(3);
  });

  test("sends nothing after a call has waited in vain, until it is proven quick again", () => {
    const { ahead, endRound } = afterRounds(quick(100));
    ahead.failed();
    expect(ahead.most).toBe(0);
    for (const tookMs of quick(2)) endRound(tookMs);
    expect(ahead.most).toBe(0);
    endRound(5);
    expect(ahead.most).toBe(16);
  });
});
