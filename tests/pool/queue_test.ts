import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Queue, type Queued } from "../../runtime/pool/queue.ts";

class Item implements Queued<Item> {
  queuedBefore: Item | undefined;
  queuedAfter: Item | undefined;
  isQueued = false;
  readonly name: number;

  constructor(name: number) {
    this.name = name;
  }
}

function namesIn(queue: Queue<Item>): number[] {
  const names: number[] = [];
  for (let item = queue.first; item; item = item.queuedAfter) names.push(item.name);
  return names;
}

describe("Queue", () => {
  test("keeps the order of arrival, whoever leaves in between", () => {
    const operations = fc.array(fc.nat(9), { maxLength: 60 });
    fc.assert(fc.property(operations, (names) => {
      const queue = new Queue<Item>();
      const items = Array.from({ length: 10 }, (_, name) => new Item(name));
      let expected: number[] = [];
      for (const name of names) {
        const item = items[name];
        if (!item) continue;
        const isIn = expected.includes(name);
        expected = isIn ? expected.filter((other) => other !== name) : [...expected, name];
        if (isIn) queue.delete(item);
        else queue.add(item);
        expect(namesIn(queue)).toEqual(expected);
        expect(queue.size).toBe(expected.length);
      }
    }));
  });

  test("leaves an item alone that is not in it", () => {
    const queue = new Queue<Item>();
    queue.add(new Item(1));
    queue.delete(new Item(2));
    expect(namesIn(queue)).toEqual([1]);
  });

  test("gives all it holds, in order, and is empty then", () => {
    const queue = new Queue<Item>();
    for (const name of [1, 2, 3]) queue.add(new Item(name));
    expect(queue.takeAll().map(({ name }) => name)).toEqual([1, 2, 3]);
    expect([queue.size, queue.first]).toEqual([0, undefined]);
  });
});
