import { expect, test } from "bun:test";
import { StartGuard } from "../../runtime/pool/start_guard.ts";
import { ManualClock } from "../manual_clock.ts";
import { failure } from "./fake_workers.ts";

function createGuard({ deaths }: { readonly deaths: number }) {
  const clock = new ManualClock();
  const guard = new StartGuard(clock);
  for (let death = 1; death <= deaths; death++) expect(guard.failed(failure)).toBe(death);
  return { clock, guard };
}

test.each([0, 1, 2])("StartGuard lets processes start after %d early deaths", (deaths) => {
  const { guard } = createGuard({ deaths });
  expect(guard.refusal()).toBeUndefined();
});

test.each([
  [3, 1_000],
  [4, 2_000],
  [5, 4_000],
  [8, 32_000],
  [9, 60_000],
  [5_000, 60_000],
])("StartGuard refuses after %d early deaths for %d ms", (deaths, backOffMs) => {
  const { clock, guard } = createGuard({ deaths });
  expect(guard.refusal()).toEqual({ kind: "unavailable", failure, retryAfterMs: backOffMs });
  clock.advance(backOffMs - 1);
  expect(guard.refusal()).toMatchObject({ retryAfterMs: 1 });
  clock.advance(1);
  expect(guard.refusal()).toBeUndefined();
});

test("StartGuard forgets early deaths once a process is ready", () => {
  const { guard } = createGuard({ deaths: 5 });
  expect(guard.lastFailure).toBe(failure);
  guard.succeeded();
  expect([guard.lastFailure, guard.refusal()]).toEqual([undefined, undefined]);
  expect(guard.failed(failure)).toBe(1);
});
