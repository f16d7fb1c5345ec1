import { describe, expect, test } from "bun:test";
import { RunningCalls } from "../../runtime/pool/running_calls.ts";
import type { OwnedCall } from "../../runtime/protocol/call.ts";
import { takeBackAfterMs } from "../../runtime/protocol/start_mark.ts";
import { ManualClock } from "../manual_clock.ts";
import { callOf } from "../task/support.ts";

function sentAt(sentMs: number, task = "hello"): OwnedCall {
  return { ...callOf({ task, traceId: `${task} ${sentMs}` }), sentMs, onEnd() {}, onReturned() {} };
}

/** The calls that these were sent at, with the numbers from 1. */
function createCalls(...times: number[]) {
  const running = new RunningCalls({ clock: new ManualClock(), processConcurrency: 2 });
  const calls = times.map((sentMs) => sentAt(sentMs));
  for (const call of calls) running.add(call);
  return { running, calls };
}

describe("RunningCalls", () => {
  test("numbers calls from 1, and never the same way twice", () => {
    const running = new RunningCalls({ clock: new ManualClock(), processConcurrency: 2 });
    const ids = [running.add(sentAt(1)), running.add(sentAt(1))];
    running.end(2);
    ids.push(running.add(sentAt(1)));
    expect(ids).toEqual([1, 2, 3]);
    expect([...running.ids()]).toEqual([1, 3]);
    expect([running.size, running.total]).toEqual([2, 3]);
  });

  test("counts the calls of each task", () => {
    const running = new RunningCalls({ clock: new ManualClock(), processConcurrency: 2 });
    const [hello, slow] = [running.add(sentAt(1)), running.add(sentAt(1, "slow"))];
    running.add(sentAt(2));
    expect([running.countOf("hello"), running.countOf("slow"), running.countOf("x")])
      .toEqual([2, 1, 0]);
    running.end(hello);
    running.end(slow);
    expect([running.countOf("hello"), running.countOf("slow")]).toEqual([1, 0]);
    expect(running.takeAll().map(({ sentMs }) => sentMs)).toEqual([2]);
    expect([running.countOf("hello"), running.size, running.total]).toEqual([0, 0, 3]);
  });

  test("gives a call out once", () => {
    const { running, calls } = createCalls(1);
    expect(running.find(1)).toBe(calls[0]);
    expect([running.end(1), running.end(1), running.find(1)])
      .toEqual([calls[0], undefined, undefined]);
  });
});

describe("RunningCalls.takeUnstarted()", () => {
  const nowMs = 10_000;
  const oldMs = nowMs - takeBackAfterMs;

  test.each<readonly [what: string, times: number[], lastStarted: number, taken: number[]]>([
    ["what was sent long enough ago", [oldMs, oldMs], 0, [1, 2]],
    ["nothing that was sent a moment less ago", [oldMs + 0.001], 0, []],
    ["nothing that has been started", [oldMs, oldMs], 2, []],
    ["what comes after the last that has been started", [oldMs, oldMs, oldMs], 1, [2, 3]],
    ["only what is old of what has not been started", [1, oldMs, nowMs - 1, nowMs], 1, [2]],
    ["nothing of a process that cannot show what it has started", [1, 2], Infinity, []],
  ])("takes %s", (_what, times, lastStarted, taken) => {
    const { running, calls } = createCalls(...times);
    expect(running.takeUnstarted(lastStarted, nowMs)).toEqual(
      calls.filter((_call, index) => taken.includes(index + 1)),
    );
    const left = calls.map((_call, index) => index + 1).filter((id) => !taken.includes(id));
    expect([...running.ids()]).toEqual(left);
    expect(running.countOf("hello")).toBe(left.length);
  });

  test("takes what may be started after all no sooner than if it had been sent then", () => {
    const { running } = createCalls(1, 1);
    expect(running.letStart(1, oldMs + 1)).toBe(true);
    expect(running.takeUnstarted(0, nowMs)).toHaveLength(1);
    expect(running.takeUnstarted(0, nowMs + 0.999)).toEqual([]);
    expect(running.takeUnstarted(0, nowMs + 1)).toHaveLength(1);
    expect(running.letStart(1, nowMs)).toBe(false);
  });

  test("takes nothing twice", () => {
    const { running } = createCalls(oldMs);
    expect(running.takeUnstarted(0, nowMs)).toHaveLength(1);
    expect(running.takeUnstarted(0, nowMs)).toEqual([]);
  });
});

describe("RunningCalls.takeNeverStarted()", () => {
  test.each<readonly [lastStarted: number, taken: number[]]>([
    [0, [1, 2, 3]],
    [2, [3]],
    [3, []],
    [Infinity, []],
  ])("takes all after call %d, however young, in order: %p", (lastStarted, taken) => {
    const { running, calls } = createCalls(1, 9_999, 10_000);
    expect(running.takeNeverStarted(lastStarted)).toEqual(
      calls.filter((_call, index) => taken.includes(index + 1)),
    );
    expect(running.size).toBe(3 - taken.length);
  });
});
