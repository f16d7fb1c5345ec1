import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type AttemptView,
  type InvocationPolicy,
  nextStep,
  type RequestView,
  type Step,
} from "../../runtime/invocation/policy.ts";

const seed: InvocationPolicy = { timeoutMs: 60, attempts: 3, deadlineMs: 180, late: "discard" };
const deliver: InvocationPolicy = { ...seed, late: "deliver" };
const once: InvocationPolicy = { ...seed, attempts: 1 };
const short: InvocationPolicy = { ...once, timeoutMs: 20 };

const queued: AttemptView = { startedMs: undefined, end: undefined };

function running(startedMs: number): AttemptView {
  return { startedMs, end: undefined };
}

function replied(startedMs: number, atMs: number): AttemptView {
  return { startedMs, end: { atMs, kind: "replied" } };
}

function failed(startedMs: number, atMs: number): AttemptView {
  return { startedMs, end: { atMs, kind: "failed" } };
}

function answer(attempt: number): Step {
  return { kind: "answer", attempt };
}

function wait(untilMs: number): Step {
  return { kind: "wait", untilMs };
}

const start: Step = { kind: "start" };
const giveUp: Step = { kind: "give-up" };

type Row = readonly [
  situation: string,
  policy: InvocationPolicy,
  nowMs: number,
  attempts: readonly AttemptView[],
  step: Step,
];

const rows: readonly Row[] = [
  ["nothing has been started", seed, 0, [], start],
  ["the first waits for a process", seed, 5, [queued], wait(180)],
  ["the first runs", seed, 5, [running(0)], wait(60)],
  ["the first runs since it left the queue", seed, 65, [running(50)], wait(110)],
  ["the first is a moment short of its timeout", seed, 59.9, [running(0)], wait(60)],
  ["the first is at its timeout", seed, 60, [running(0)], start],
  ["the first is long past its timeout", seed, 100, [running(0)], start],
  ["the second waits for a process", seed, 70, [running(0), queued], wait(180)],
  ["the second runs", seed, 61, [running(0), running(60)], wait(120)],
  ["the second is at its timeout", seed, 120, [running(0), running(60)], start],
  ["the third runs", seed, 130, [running(0), running(60), running(120)], wait(180)],
  ["the third started late", seed, 155, [running(0), running(60), running(150)], wait(180)],
  ["the deadline is reached", seed, 180, [running(0), running(60), running(120)], giveUp],
  ["the deadline is past", seed, 500, [running(0), running(60)], giveUp],
  ["the deadline is reached in the queue", seed, 180, [queued], giveUp],
  ["the deadline comes before the timeout", seed, 150, [running(140)], wait(180)],

  ["one replied in its time", seed, 30, [replied(0, 30)], answer(0)],
  ["one replied at its timeout", seed, 60, [replied(0, 60)], answer(0)],
  ["one replied after its timeout", seed, 61, [replied(0, 61), running(60)], wait(120)],
  ["a late one replied while none runs", seed, 61, [replied(0, 61)], start],
  ["the second replied in its time", seed, 90, [running(0), replied(60, 90)], answer(1)],
  ["the second replied, the first late", seed, 90, [replied(0, 80), replied(60, 90)], answer(1)],
  ["it replied in time, seen after the deadline", seed, 200, [replied(150, 180)], answer(0)],

  ["one failed in its time", seed, 30, [failed(0, 30)], answer(0)],
  ["the second failed, the first runs", seed, 90, [running(0), failed(60, 90)], answer(1)],
  ["one failed late, the second runs", seed, 70, [failed(0, 65), running(60)], wait(120)],
  ["one failed late while none runs", seed, 65, [failed(0, 65)], start],

  ["the only one is at its timeout", once, 60, [running(0)], giveUp],
  ["the only, short one runs", short, 5, [running(0)], wait(20)],
  ["the only, short one is at its timeout", short, 20, [running(0)], giveUp],
  ["the only one replied late", short, 25, [replied(0, 25)], giveUp],
  ["all are late but one, which waits", seed, 130, [running(0), running(60), queued], wait(180)],

  ["late counts: the only one runs on", { ...once, late: "deliver" }, 90, [running(0)], wait(180)],
  ["late counts: one replied late", deliver, 70, [replied(0, 65), running(60)], answer(0)],
  ["late counts: the next is due", deliver, 60, [running(0)], start],
  [
    "late counts: all run past their timeouts",
    { ...deliver, attempts: 2 },
    150,
    [running(0), running(60)],
    wait(180),
  ],
  ["late counts: the deadline is reached", deliver, 180, [running(0), running(60)], giveUp],
  ["late counts: one failed, one runs", deliver, 90, [running(0), failed(60, 90)], wait(180)],
  ["late counts: all failed", deliver, 95, [failed(0, 95), failed(60, 90)], answer(0)],
  ["late counts: one failed in time", deliver, 30, [failed(0, 30)], answer(0)],
  [
    "late counts: one failed, one replied",
    deliver,
    95,
    [failed(0, 50), replied(60, 95)],
    answer(1),
  ],
  ["late counts: one waits", { ...once, late: "deliver" }, 90, [queued], wait(180)],
];

function viewOf(nowMs: number, attempts: readonly AttemptView[]): RequestView {
  return { nowMs, readMs: 0, attempts, mayStart: true, isNextExpected: true };
}

describe("nextStep()", () => {
  test.each(rows)("when %s", (_situation, policy, nowMs, attempts, step) => {
    expect(nextStep(policy, viewOf(nowMs, attempts))).toEqual(step);
  });

  test("counts the deadline from when the request was read", () => {
    const view = { ...viewOf(1_000, [running(990)]), readMs: 830 };
    expect(nextStep(seed, view)).toEqual(wait(1_010));
    expect(nextStep(seed, { ...view, nowMs: 1_010 })).toEqual(giveUp);
  });

  const drained: readonly (readonly [string, InvocationPolicy, number, AttemptView[], Step])[] = [
    ["waits for the one that is in time", seed, 30, [running(0)], wait(60)],
    ["gives up once none is in time", seed, 60, [running(0)], giveUp],
    ["waits for late ones where they count", deliver, 60, [running(0)], wait(180)],
    ["waits for one in the queue", seed, 60, [queued], wait(180)],
    ["answers with what comes in time", seed, 60, [replied(0, 60)], answer(0)],
  ];

  test.each(drained)("when nothing more may be started %s", (_what, policy, nowMs, list, step) => {
    expect(nextStep(policy, { ...viewOf(nowMs, list), mayStart: false })).toEqual(step);
  });

  const attempt = fc.oneof(
    fc.constant(queued),
    fc.nat(200).map(running),
    fc.tuple(fc.nat(200), fc.nat(200), fc.boolean()).map(([startedMs, tookMs, isGood]) =>
      isGood ? replied(startedMs, startedMs + tookMs) : failed(startedMs, startedMs + tookMs)
    ),
  );
  const policies = fc.record<InvocationPolicy>({
    timeoutMs: fc.integer({ min: 1, max: 200 }),
    attempts: fc.integer({ min: 1, max: 4 }),
    deadlineMs: fc.integer({ min: 1, max: 400 }),
    late: fc.constantFrom("discard", "deliver"),
  });

  test("never waits for the past, starts too many, or answers by one that has not ended", () => {
    const views = fc.record({
      nowMs: fc.nat(500),
      readMs: fc.constant(0),
      attempts: fc.array(attempt, { maxLength: 4 }),
      mayStart: fc.boolean(),
      isNextExpected: fc.boolean(),
    });
    fc.assert(fc.property(policies, views, (policy, view) => {
      const step = nextStep(policy, view);
      if (step.kind === "wait") {
        expect(step.untilMs).toBeGreaterThan(view.nowMs);
        expect(step.untilMs).toBeLessThanOrEqual(policy.deadlineMs);
      }
      if (step.kind === "start") expect(view.attempts.length).toBeLessThan(policy.attempts);
      if (step.kind === "answer") expect(view.attempts[step.attempt]?.end).toBeDefined();
    }));
  });
});
