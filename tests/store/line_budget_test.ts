import { expect, test } from "bun:test";
import { LineBudget } from "../../runtime/store/line_budget.ts";
import { ManualClock } from "../manual_clock.ts";

test("LineBudget.take() lets a second's lines through, and tells later of those it did not", () => {
  const clock = new ManualClock();
  const budget = new LineBudget(2, clock);
  expect([budget.take(), budget.take(), budget.take(), budget.take()]).toEqual([
    0,
    0,
    undefined,
    undefined,
  ]);
  clock.advance(1_000);
  expect([budget.take(), budget.take(), budget.take()]).toEqual([2, 0, undefined]);
  clock.advance(5_000);
  expect(budget.take()).toBe(1);
});
