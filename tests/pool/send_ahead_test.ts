import { describe, expect, test } from "bun:test";
import { SendAhead } from "../../runtime/pool/send_ahead.ts";

/** After so many calls that took so long, with 16 places. */
function afterEnds(...tookMs: readonly number[]) {
  const ahead = new SendAhead(16);
  for (const ms of tookMs) ahead.ended(ms);
  return ahead;
}

const quick = (count: number) => Array<number>(count).fill(1);

describe("SendAhead", () => {
  test.each([
    ["nothing of a process that has shown nothing", [], 0],
    ["nothing after a few quick calls", quick(32), 0],
    ["one more with each quick call from then on", quick(37), 5],
    ["three for each place at most", quick(1_000), 48],
    ["nothing after one slow call", [...quick(1_000), 11], 0],
    ["nothing before it is proven anew", [...quick(1_000), 11, ...quick(32)], 0],
    ["again, once it is", [...quick(1_000), 11, ...quick(80)], 48],
  ])("sends %s", (_what, tookMs, most) => {
    expect(afterEnds(...tookMs).most).toBe(most);
  });

  test("sends nothing after a call has waited in vain", () => {
    const ahead = afterEnds(...quick(1_000));
    ahead.failed();
    expect(ahead.most).toBe(0);
    ahead.ended(1);
    expect(ahead.most).toBe(0);
  });
});
