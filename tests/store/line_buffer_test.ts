import { expect, test } from "bun:test";
import fc from "fast-check";
import { LineBuffer } from "../../runtime/store/line_buffer.ts";

const numbers = fc.oneof(
  fc.constant(null),
  fc.nat(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.maxSafeNat(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value === 0 ? 0 : value),
  fc.constantFrom(0, 9, 10, 999_999_999, 1_000_000_000, 1_000_000_001, 2 ** 31, 2 ** 32, 2 ** 53),
);

test("a LineBuffer writes numbers as JSON does", () => {
  fc.assert(fc.property(fc.array(numbers, { minLength: 1, maxLength: 40 }), (values) => {
    const buffer = new LineBuffer(1);
    const [first = 0, ...others] = values;
    buffer.mark("[");
    buffer.number(first);
    for (const value of others) buffer.next(value);
    buffer.mark("]");
    expect(buffer.toString()).toBe(JSON.stringify(values));
  }));
});

test("a LineBuffer keeps text of every kind, and counts its bytes", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
    const buffer = new LineBuffer(8);
    for (const text of texts) buffer.add(text);
    expect(buffer.toString()).toBe(texts.join(""));
    expect(buffer.bytes).toBe(Buffer.byteLength(texts.join("")));
    const bytes = new Uint8Array(buffer.bytes + 3);
    buffer.moveTo(bytes, 3);
    expect(Buffer.from(bytes.subarray(3)).toString()).toBe(texts.join(""));
    expect(buffer.bytes).toBe(0);
  }));
});
