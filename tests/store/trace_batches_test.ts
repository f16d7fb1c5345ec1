import { expect, test } from "bun:test";
import { TraceBatches } from "../../runtime/store/trace_batches.ts";

test("TraceBatches.lagMs() is the age of the oldest batch that is not committed", () => {
  const batches = new TraceBatches();
  expect(batches.lagMs(1_000)).toBe(0);
  batches.add("one\n");
  batches.close(1_000);
  batches.add("two\n");
  batches.close(1_050);
  batches.takeSendable(1_050);
  expect(batches.lagMs(1_100)).toBe(100);
  batches.committed(1);
  expect(batches.lagMs(1_100)).toBe(50);
  batches.committed(2);
  expect(batches.lagMs(1_100)).toBe(0);
});
