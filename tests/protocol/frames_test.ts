import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Frame, FrameWriter, maxFrameBytes } from "../../runtime/protocol/frames.ts";
import { bytesOf, frameOf, framesIn, isRefused } from "./support.ts";

const headerBytes = 13;
const encoder = new TextEncoder();

/** Any text, lone surrogates included: they travel as the replacement character. */
const unit = fc.oneof(fc.nat(127), fc.nat(0xffff)).map((code) => String.fromCharCode(code));
const text = fc.string({ unit, maxLength: 200 });
const contents = fc.record({
  kind: fc.nat(255),
  id: fc.nat(2 ** 32 - 1),
  head: text,
  body: fc.oneof(text, fc.uint8Array({ maxLength: 500 })),
});
type Content = typeof contents extends fc.Arbitrary<infer T> ? T : never;

function writeAll(written: readonly Content[]): Buffer {
  return bytesOf((writer) => {
    for (const { kind, id, head, body } of written) writer.write(kind, id, { head, body });
  });
}

/** What the reader must give for what was written. */
function expectedOf({ kind, id, head, body }: Content) {
  return { kind, id, head: head.toWellFormed(), body: hex(body) };
}

function plain({ kind, id, head, body }: Frame) {
  return { kind, id, head, body: hex(body) };
}

function hex(body: string | Uint8Array): string {
  return Buffer.from(typeof body === "string" ? encoder.encode(body) : body).toString("hex");
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1))), bytes.length];
  ends.sort((a, b) => a - b);
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
}

/** A frame's header, as numbers a hostile sender chooses. */
function header(length: number, headLength: number): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt32LE(headLength, 9);
  return bytes;
}

describe("FrameReader", () => {
  test("gives the frames that were written, however their bytes are cut", () => {
    fc.assert(fc.property(
      fc.array(contents, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (written, places) => {
        const frames = framesIn(cut(writeAll(written), places));
        expect(frames.map(plain)).toEqual(written.map(expectedOf));
      },
    ));
  });

  test("gives the frames that were written when every byte arrives alone", () => {
    fc.assert(
      fc.property(fc.array(contents, { maxLength: 3 }), (written) => {
        const bytes = writeAll(written);
        const frames = framesIn([...bytes].map((byte) => Uint8Array.of(byte)));
        expect(frames.map(plain)).toEqual(written.map(expectedOf));
      }),
      { numRuns: 20 },
    );
  });

  test("hands on a frame as soon as its last byte is there, and not before", () => {
    const bytes = writeAll([{ kind: 1, id: 2, head: "head", body: "body" }]);
    expect(framesIn([bytes.subarray(0, -1)])).toEqual([]);
    expect(framesIn([bytes.subarray(0, -1), bytes.subarray(-1)])).toHaveLength(1);
  });

  test("gives bodies that later bytes do not change", () => {
    const bytes = writeAll([1, 2, 3].map((id) => ({ kind: 1, id, head: "", body: `body ${id}` })));
    const frames = framesIn(cut(bytes, [5, 20, 30, 45]));
    expect(frames.map(({ body }) => Buffer.from(body).toString())).toEqual([
      "body 1",
      "body 2",
      "body 3",
    ]);
  });

  test("reads a frame that is larger than any one piece", () => {
    const body = Buffer.alloc(3_000_000, "0123456789");
    const bytes = writeAll([
      { kind: 1, id: 1, head: "large", body },
      { kind: 2, id: 2, head: "next", body: "" },
    ]);
    const places = Array.from({ length: 60 }, (_, index) => index * 65_536);
    const [large, next] = framesIn(cut(bytes, places));
    expect(Buffer.compare(large?.body ?? Buffer.of(), body)).toBe(0);
    expect(next?.head).toBe("next");
  });

  test("refuses a frame over its limit before its bytes arrive, and takes one at the limit", () => {
    const bytes = writeAll([{ kind: 1, id: 1, head: "h", body: "0123456789" }]);
    const limit = bytes.length - 4;
    expect(framesIn([bytes], limit)).toHaveLength(1);
    expect(isRefused(() => framesIn([bytes.subarray(0, headerBytes)], limit - 1))).toBe(true);
    expect(isRefused(() => framesIn([header(maxFrameBytes + 1, 0)]))).toBe(true);
    expect(isRefused(() => framesIn([header(maxFrameBytes, 0)]))).toBe(false);
  });

  test.each([
    ["shorter than its header", header(8, 0)],
    ["of no length", header(0, 0)],
    ["whose head is longer than it is", header(9, 1)],
    ["whose head is longer than anything", header(9, 2 ** 32 - 1)],
  ])("refuses a frame %s", (_what, bytes) => {
    expect(isRefused(() => framesIn([bytes]))).toBe(true);
  });

  test("refuses or accepts any bytes, and fails in no other way", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      isRefused(() => framesIn([bytes], 1_000));
    }));
  });
});

describe("FrameWriter", () => {
  test("sends everything of a turn at once, at the turn's end", async () => {
    const sent: number[] = [];
    const writer = new FrameWriter((bytes) => void sent.push(framesIn([bytes.slice()]).length));
    for (let id = 0; id < 5; id++) writer.write(1, id, { head: "head" });
    expect(sent).toEqual([]);
    await new Promise(setImmediate);
    expect(sent).toEqual([5]);
    writer.write(1, 6, { head: "next turn" });
    await new Promise(setImmediate);
    expect(sent).toEqual([5, 1]);
  });

  test("sends nothing twice, and nothing when there is nothing", async () => {
    const sent: number[] = [];
    const writer = new FrameWriter((bytes) => void sent.push(bytes.length));
    writer.flush();
    writer.write(1, 1, { head: "now" });
    writer.flush();
    expect(sent).toHaveLength(1);
    await new Promise(setImmediate);
    expect(sent).toHaveLength(1);
  });

  test("keeps text and bytes of any size whole", () => {
    for (const size of [10, 16_384, 16_385, 70_000, 1_500_000]) {
      const [head, body] = ["é€😀".repeat(size / 10), "x€".repeat(size / 2)];
      const frame = frameOf((writer) => writer.write(1, 1, { head, body }));
      expect(frame.head === head).toBe(true);
      expect(Buffer.from(frame.body).toString() === body).toBe(true);
    }
  });

  test.each([10, 2_000_000])("can be written to while it sends %d bytes", (size) => {
    const ids: number[] = [];
    const writer: FrameWriter = new FrameWriter((bytes) => {
      for (const { id } of framesIn([bytes.slice()])) {
        ids.push(id);
        if (id < 3) writer.write(1, id + 1, { head: "again" });
      }
    });
    writer.write(1, 1, { head: "first", body: new Uint8Array(size) });
    for (let flushes = 0; flushes < 3; flushes++) writer.flush();
    expect(ids).toEqual([1, 2, 3]);
  });
});

test("FrameWriter sends what it holds, whatever has become of the global setImmediate", async () => {
  const original = globalThis.setImmediate;
  const sent: Uint8Array[] = [];
  try {
    Reflect.set(globalThis, "setImmediate", () => {});
    new FrameWriter((bytes) => void sent.push(bytes.slice())).write(1, 2, { head: "hello" });
  } finally {
    Reflect.set(globalThis, "setImmediate", original);
  }
  await new Promise<void>((resolve) => void original(resolve));
  expect(sent.length).toBe(1);
});
