import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { OutputLines } from "../../runtime/pool/output_lines.ts";
import type { TaskOutput } from "../../runtime/protocol/records.ts";
import { callOf } from "../task/support.ts";

const maxLineChars = 16 * 1024;
const maxLinesPerSecond = 500;

let nowMs = 0;
let restore = () => {};
beforeEach(() => {
  const now = spyOn(performance, "now").mockImplementation(() => nowMs);
  restore = () => now.mockRestore();
});
afterEach(() => restore());

function createLines() {
  const told: TaskOutput[] = [];
  const lines = new OutputLines(7, (output) => void told.push(output));
  const push = (text: string, stream: "stdout" | "stderr" = "stdout") =>
    lines.push(stream, Buffer.from(text), []);
  return { lines, told, push, texts: () => told.map(({ text }) => text) };
}

describe("OutputLines", () => {
  test("cuts what a process writes into lines, however it arrives", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 60 });
    fc.assert(fc.property(text, fc.array(fc.nat(200), { maxLength: 10 }), (written, places) => {
      nowMs += 1_000;
      const { lines, texts } = createLines();
      const bytes = Buffer.from(`${written}\nend\n`);
      const ends = [...places.map((place) => place % bytes.length), bytes.length];
      ends.sort((a, b) => a - b);
      for (const [at, end] of ends.entries()) {
        lines.push("stdout", bytes.subarray(ends[at - 1] ?? 0, end), []);
      }
      expect(texts()).toEqual([...written.split("\n"), "end"]);
    }));
  });

  test("tells where a line comes from and which calls ran", () => {
    const { lines, told } = createLines();
    const call = callOf();
    lines.push("stdout", Buffer.from("out\n"), [call]);
    lines.push("stderr", Buffer.from("err\n"), []);
    lines.print({ level: "debug", text: "printed" }, call);
    lines.print({ level: "info", text: "nobody's" }, undefined);
    expect(told).toEqual([
      { pid: 7, stream: "stdout", level: "info", text: "out", calls: [call] },
      { pid: 7, stream: "stderr", level: "warn", text: "err", calls: [] },
      { pid: 7, stream: "console", level: "debug", text: "printed", calls: [call] },
      { pid: 7, stream: "console", level: "info", text: "nobody's", calls: [] },
    ]);
  });

  test("keeps the two streams apart", () => {
    const { push, texts } = createLines();
    push("one ", "stdout");
    push("two ", "stderr");
    push("out\n", "stdout");
    push("err\n", "stderr");
    expect(texts()).toEqual(["one out", "two err"]);
  });

  test("passes on at the end what has no line break, once", () => {
    const { lines, push, texts } = createLines();
    push("first\nlast");
    expect(texts()).toEqual(["first"]);
    lines.end();
    lines.end();
    expect(texts()).toEqual(["first", "last"]);
  });

  test("cuts a line that never ends, and keeps the next whole", () => {
    const { push, told } = createLines();
    for (let count = 0; count < 10; count++) push("x".repeat(10_000));
    push("\nnext\n");
    expect(told.map(({ text }) => text.length)).toEqual([maxLineChars, 4]);
  });

  test("keeps the end of standard error", () => {
    const { lines, push } = createLines();
    expect(lines.errorTail).toBeUndefined();
    push("not this\n", "stdout");
    push(`${"x".repeat(10_000)}\nlast words`, "stderr");
    expect(lines.errorTail).toEndWith("x\nlast words");
    expect(lines.errorTail).toHaveLength(4 * 1024);
  });

  test("drops what is too much for a second, and says how much", () => {
    const { push, texts, lines } = createLines();
    nowMs = 10_000;
    push("line\n".repeat(maxLinesPerSecond + 20));
    expect(texts()).toHaveLength(maxLinesPerSecond);
    nowMs = 11_000;
    push("next\n");
    const dropped = "dropped 20 more lines of no invocation: the limit is 500 a second";
    expect(texts().slice(maxLinesPerSecond)).toEqual([dropped, "next"]);
    push("line\n".repeat(maxLinesPerSecond));
    lines.end();
    expect(texts().at(-1)).toStartWith("dropped 1 more line of no invocation: ");
  });

  test("counts what a module prints with it, and not what an invocation does", () => {
    const { lines, told } = createLines();
    nowMs = 20_000;
    for (let count = 0; count < maxLinesPerSecond + 20; count++) {
      lines.print({ level: "info", text: "of the module" }, undefined);
      lines.print({ level: "info", text: "of the task" }, callOf());
    }
    const countOf = (text: string) => told.filter((output) => output.text === text).length;
    expect([countOf("of the module"), countOf("of the task")]).toEqual([
      maxLinesPerSecond,
      maxLinesPerSecond + 20,
    ]);
    lines.end();
    expect(told.at(-1)?.text).toStartWith("dropped 20 more lines of no invocation");
  });
});
