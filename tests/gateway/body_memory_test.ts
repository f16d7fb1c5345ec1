import { expect, test } from "bun:test";
import { BodyMemory } from "../../runtime/gateway/body_memory.ts";

test("BodyMemory holds bytes of several bodies up to its limit", () => {
  const memory = new BodyMemory(10);
  const [first, second] = [memory.open(), memory.open()];
  expect([first.grow(6), second.grow(5), second.grow(4), first.grow(1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect([memory.heldBytes, memory.hasRoomFor(0), memory.hasRoomFor(1)]).toEqual([10, true, false]);
});

test("BodyMemory gets back what a body held, once", () => {
  const memory = new BodyMemory(10);
  const [first, second] = [memory.open(), memory.open()];
  first.grow(3);
  first.grow(4);
  second.grow(2);
  first.release();
  first.release();
  expect([memory.heldBytes, second.grow(9), second.grow(8)]).toEqual([2, false, true]);
  second.release();
  expect(memory.heldBytes).toBe(0);
});
