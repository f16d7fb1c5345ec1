import { expect, test } from "bun:test";
import fc from "fast-check";
import { Bag, type BagItem } from "../../runtime/base/bag.ts";

class Item implements BagItem {
  bagIndex = -1;
}

test("Bag holds what was added and not deleted, however often either is asked", () => {
  fc.assert(fc.property(fc.array(fc.nat(7), { maxLength: 60 }), (indexes) => {
    const bag = new Bag<Item>();
    const items = Array.from({ length: 8 }, () => new Item());
    const expected = new Set<Item>();
    for (const index of indexes) {
      const item = items[index];
      if (!item) continue;
      if (expected.delete(item)) {
        bag.delete(item);
        bag.delete(item);
      } else {
        bag.add(item);
        expected.add(item);
      }
      expect(bag.size).toBe(expected.size);
      expect(new Set(bag.toArray())).toEqual(expected);
    }
  }));
});
