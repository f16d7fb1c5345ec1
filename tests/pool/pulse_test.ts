import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Pulse } from "../../runtime/pool/pulse.ts";

/** Looks at these times; what each came to. */
function lookAt(pulse: Pulse, times: readonly number[]): string[] {
  return times.map((atMs) => pulse.look(atMs));
}

describe("Pulse", () => {
  test("asks after 300 ms of silence, once, and finds a process blocked 400 ms later", () => {
    const pulse = new Pulse();
    expect(lookAt(pulse, [1_000, 1_299, 1_300, 1_301, 1_699, 1_700, 2_500])).toEqual([
      "alive",
      "alive",
      "ask",
      "silent",
      "silent",
      "blocked",
      "blocked",
    ]);
  });

  test("is alive again with the first sign of life, and counts anew from there", () => {
    const pulse = new Pulse();
    lookAt(pulse, [0, 300, 700]);
    pulse.heard();
    expect(lookAt(pulse, [800, 1_099, 1_100, 1_499, 1_500])).toEqual([
      "alive",
      "alive",
      "ask",
      "silent",
      "blocked",
    ]);
  });

  test("takes an answer that comes before the next look", () => {
    const pulse = new Pulse();
    expect(lookAt(pulse, [0, 300])).toEqual(["alive", "ask"]);
    pulse.heard();
    expect(lookAt(pulse, [700, 900])).toEqual(["alive", "alive"]);
  });

  test("finds a process blocked within 900 ms, looked at every 100 ms", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 5_000 }), fc.nat(99), (lastMs, offsetMs) => {
      const pulse = new Pulse();
      // It answers and sends all the time, until it blocks.
      for (let nowMs = offsetMs;; nowMs += 100) {
        if (nowMs - 100 <= lastMs) pulse.heard();
        const sign = pulse.look(nowMs);
        if (nowMs <= lastMs) expect(sign).toBe("alive");
        if (sign === "blocked") return expect(nowMs - lastMs).toBeLessThanOrEqual(900);
        expect(nowMs - lastMs).toBeLessThan(900);
      }
    }));
  });

  test("never finds one blocked that answers within 300 ms", () => {
    const delays = fc.array(fc.nat(300), { minLength: 50, maxLength: 50 });
    fc.assert(fc.property(delays, (delaysMs) => {
      const pulse = new Pulse();
      let answerMs = Infinity;
      for (let nowMs = 0, look = 0; look < delaysMs.length; nowMs += 100, look += 1) {
        if (nowMs >= answerMs) {
          pulse.heard();
          answerMs = Infinity;
        }
        const sign = pulse.look(nowMs);
        expect(sign).not.toBe("blocked");
        if (sign === "ask") answerMs = nowMs + (delaysMs[look] ?? 0);
      }
    }));
  });
});
