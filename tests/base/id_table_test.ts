import { expect, test } from "bun:test";
import fc from "fast-check";
import { IdTable } from "../../runtime/base/id_table.ts";

test("IdTable holds what was added and not deleted, in the order of numbers", () => {
  fc.assert(fc.property(fc.array(fc.nat(9), { maxLength: 80 }), (ids) => {
    const table = new IdTable<string>();
    const expected = new Map<number, string>();
    for (const id of ids) {
      if (expected.has(id)) {
        expect(table.delete(id)).toBe(`item ${id}`);
        expected.delete(id);
      } else {
        expect(table.delete(id)).toBeUndefined();
        table.add(id, `item ${id}`);
        expected.set(id, `item ${id}`);
      }
      const sorted = [...expected].sort(([a], [b]) => a - b);
      expect(table.size).toBe(expected.size);
      expect(table.ids()).toEqual(sorted.map(([id]) => id));
      expect(table.items()).toEqual(sorted.map(([, item]) => item));
      expect(table.find(id)).toBe(expected.get(id));
      expect(table.count((item) => item > "item 4")).toBe(
        sorted.filter(([id]) => id > 4).length,
      );
    }
    table.clear();
    expect([table.size, table.items(), table.find(1)]).toEqual([0, [], undefined]);
  }));
});
