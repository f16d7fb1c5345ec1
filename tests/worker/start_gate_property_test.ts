import { expect, test } from "bun:test";
import fc from "fast-check";
import { describeRun, runSimulation, type Script } from "./start_gate_simulation.ts";

const pause = fc.oneof(
  { weight: 24, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.nat(30) },
  { weight: 2, arbitrary: fc.integer({ min: 150, max: 400 }) },
  { weight: 1, arbitrary: fc.nat(2_500) },
);

const scripts: fc.Arbitrary<Script> = fc.record({
  gapsMs: fc.array(
    fc.oneof(fc.constant(0), fc.nat(20), fc.integer({ min: 100, max: 400 })),
    { minLength: 1, maxLength: 14, size: "max" },
  ),
  workerPausesMs: fc.array(pause, { minLength: 80, maxLength: 80 }),
  gatewayPausesMs: fc.array(pause, { minLength: 20, maxLength: 20 }),
  latencyMs: fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }),
  runsMs: fc.array(
    fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 30, max: 600 })),
    { minLength: 1, maxLength: 6 },
  ),
  places: fc.integer({ min: 1, max: 4 }),
  gatewayClockMs: fc.oneof(
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.double({ min: 2 ** 32 - 4_000, max: 2 ** 32, noNaN: true }),
  ),
  workerClockMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
  looksBeforeReading: fc.boolean(),
  isEager: fc.boolean(),
});

test("a StartGate and its gateway start every call exactly once, whoever sleeps when", () => {
  const seen = { worker: 0, elsewhere: 0, asked: 0, returned: 0 };
  fc.assert(
    fc.property(scripts, (script) => {
      const run = runSimulation(script);
      expect(describeRun(run)).toEqual({ once: script.gapsMs.length, twice: [], never: [] });
      expect(run.byWorker).toEqual([...run.byWorker].sort((one, other) => one - other));
      expect(run.atOnce).toBeLessThanOrEqual(script.places);
      seen.worker += run.byWorker.length;
      seen.elsewhere += run.elsewhere.length;
      seen.asked += run.asked;
      seen.returned += run.returned;
    }),
    { numRuns: 300 },
  );
  // It proves nothing unless all of it has happened.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100);
});
