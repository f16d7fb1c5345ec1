import { describe, expect, test } from "bun:test";
import {
  type AttemptView,
  type InvocationPolicy,
  nextStep,
  type RequestView,
  type Step,
} from "../../runtime/invocation/policy.ts";

const seed: InvocationPolicy = {
  timeoutMs: 60_000,
  attempts: 3,
  deadlineMs: 180_000,
  late: "discard",
};
const deliver: InvocationPolicy = { ...seed, late: "deliver" };
const short: InvocationPolicy = { ...seed, timeoutMs: 800, deadlineMs: 2_400 };

const queued: AttemptView = { startedMs: undefined, end: undefined };
const running = (startedMs: number): AttemptView => ({ startedMs, end: undefined });
const replied = (startedMs: number, atMs: number): AttemptView => ({
  startedMs,
  end: { atMs, kind: "replied" },
});
const failed = (startedMs: number, atMs: number): AttemptView => ({
  startedMs,
  end: { atMs, kind: "failed" },
});

const start: Step = { kind: "start" };
const expectNext: Step = { kind: "expect" };
const giveUp: Step = { kind: "give-up" };
const wait = (untilMs: number): Step => ({ kind: "wait", untilMs });
const answer = (attempt: number): Step => ({ kind: "answer", attempt });

type Row = readonly [
  situation: string,
  policy: InvocationPolicy,
  nowMs: number,
  attempts: readonly AttemptView[],
  step: Step,
  view?: Partial<RequestView>,
];

const rows: readonly Row[] = [
  ["the next is due in a while", seed, 5, [running(0)], wait(59_000)],
  ["the next is due in a second", seed, 59_000, [running(0)], expectNext],
  ["the next is due in less", seed, 59_999, [running(0)], expectNext],
  ["the next is announced", seed, 59_000, [running(0)], wait(60_000), { isNextExpected: true }],
  ["the next is due, announced", seed, 60_000, [running(0)], start, { isNextExpected: true }],
  ["the next is due, unannounced", seed, 60_000, [running(0)], start],
  ["the third is due in a second", seed, 119_000, [running(0), running(60_000)], expectNext],
  ["the last runs", seed, 179_000, [running(0), running(60_000), running(120_000)], wait(180_000)],
  ["a short timeout is half over", short, 400, [running(0)], expectNext],
  ["a short timeout is not half over", short, 399, [running(0)], wait(400)],
  ["the first left the queue late", seed, 30_000, [running(20_000)], wait(79_000)],

  ["the first waits", seed, 59_500, [queued], wait(180_000)],
  ["the second waits", seed, 119_500, [running(0), queued], wait(180_000)],
  [
    "the first waits again, the second runs",
    seed,
    61_000,
    [queued, running(60_000)],
    wait(119_000),
  ],
  [
    "the first waits again, and the third is due",
    seed,
    120_000,
    [queued, running(60_000)],
    start,
  ],
  ["nothing more may start", seed, 59_500, [running(0)], wait(60_000), { mayStart: false }],
  [
    "nothing more may start, though it is announced",
    seed,
    59_500,
    [running(0)],
    wait(60_000),
    { mayStart: false, isNextExpected: true },
  ],
  [
    "nothing more may start and the first waits again",
    seed,
    61_000,
    [queued],
    wait(180_000),
    { mayStart: false },
  ],
  ["there is but one", { ...seed, attempts: 1 }, 59_500, [running(0)], wait(60_000)],
  ["the next would be due after the deadline", { ...seed, deadlineMs: 59_500 }, 59_100, [
    running(0),
  ], wait(59_500)],
  ["the next would be due at the deadline", { ...seed, deadlineMs: 60_000 }, 59_100, [
    running(0),
  ], wait(60_000)],

  ["one failed in its time", seed, 59_500, [failed(0, 59_400)], answer(0)],
  ["one replied in its time", seed, 59_500, [replied(0, 59_400)], answer(0)],
  ["one replied at its timeout", seed, 60_000, [replied(0, 60_000)], answer(0)],
  ["one failed a moment late, none runs", seed, 60_001, [failed(0, 60_001)], start],
  [
    "one failed late, the second will be followed",
    seed,
    119_000,
    [failed(0, 70_000), running(60_000)],
    expectNext,
  ],
  [
    "one replied late, the second will be followed",
    seed,
    119_500,
    [replied(0, 70_000), running(60_000)],
    wait(120_000),
    { isNextExpected: true },
  ],
  [
    "two replied, the second in its time",
    seed,
    125_000,
    [replied(0, 110_000), replied(60_000, 118_000), running(120_000)],
    answer(1),
  ],
  [
    "all have ended late",
    seed,
    181_000,
    [failed(0, 70_000), replied(60_000, 130_000), failed(120_000, 181_000)],
    giveUp,
  ],
  [
    "late counts: one replied late while the next is announced",
    deliver,
    59_800,
    [replied(-10_000, 59_800)],
    answer(0),
    { isNextExpected: true },
  ],
  ["late counts: one failed in its time", deliver, 30_000, [failed(0, 30_000)], answer(0)],
  [
    "late counts: one failed in its time, so that no other follows the one that runs",
    deliver,
    119_500,
    [running(0), failed(60_000, 70_000)],
    wait(180_000),
  ],
  [
    "late counts: one failed late, the next is due in a second",
    deliver,
    119_000,
    [failed(0, 61_000), running(60_000)],
    expectNext,
  ],
  [
    "late counts: one failed, one waits",
    deliver,
    100_000,
    [failed(0, 30_000), queued],
    wait(180_000),
  ],
  [
    "late counts: all have failed",
    deliver,
    150_000,
    [failed(0, 70_000), failed(60_000, 130_000), failed(120_000, 150_000)],
    answer(0),
  ],
];

describe("nextStep() with several attempts", () => {
  test.each(rows)("when %s", (_situation, policy, nowMs, attempts, step, view = {}) => {
    const all = { nowMs, readMs: 0, attempts, mayStart: true, isNextExpected: false, ...view };
    expect(nextStep(policy, all)).toEqual(step);
  });
});
