import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { platform } from "#platform";
import type { OutputLine } from "../../runtime/protocol/messages.ts";
import { maxOutputChars } from "../../runtime/protocol/messages.ts";
import { captureConsole } from "../../runtime/worker/output.ts";

const original = Object.getOwnPropertyDescriptors(globalThis.console);
const { console } = globalThis;

let lines: OutputLine[] = [];
beforeEach(() => {
  lines = [];
  const { formatValues } = platform;
  captureConsole({ print: (line) => void lines.push(line), formatValues });
});
afterEach(() => void Object.defineProperties(globalThis.console, original));

function texts(): string[] {
  return lines.map(({ text }) => text);
}

/* The console is what is tested. */
// deno-lint-ignore-file no-console
describe("captureConsole()", () => {
  test.each(
    [
      ["log", "info"],
      ["info", "info"],
      ["debug", "debug"],
      ["trace", "debug"],
      ["warn", "warn"],
      ["error", "error"],
      ["dir", "info"],
    ] as const,
  )("prints console.%s at level %s", (method, level) => {
    console[method]("hello");
    expect(lines).toEqual([{ level, text: expect.stringContaining("hello") }]);
  });

  test("formats as the console does, without colours", () => {
    console.log("%s is %d", "x", 5, { a: [1, { b: "c" }] }, undefined, null);
    console.log("100%");
    console.log();
    console.log({ colour: "red" });
    expect(texts()).toEqual([
      "x is 5 { a: [ 1, { b: 'c' } ] } undefined null",
      "100%",
      "",
      "{ colour: 'red' }",
    ]);
  });

  test("prints the stack of an error", () => {
    console.error(new RangeError("too far"));
    expect(texts()[0]).toContain("RangeError: too far");
    expect(texts()[0]).toContain("output_test.ts");
  });

  test("prints a value that cannot be shown all the same", () => {
    const hostile = {
      get [Symbol.toStringTag](): string {
        throw new Error("no");
      },
      [Symbol.for("nodejs.util.inspect.custom")]() {
        throw new Error("never");
      },
    };
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => console.log(hostile)).not.toThrow();
    expect(() => console.log(circle)).not.toThrow();
    expect(lines).toHaveLength(2);
  });

  test("cuts what is too long, and says by how much", () => {
    console.log("x".repeat(maxOutputChars));
    console.log("x".repeat(maxOutputChars + 5));
    console.log("x".repeat(maxOutputChars + 1));
    expect(texts()[0]).toHaveLength(maxOutputChars);
    expect(texts()[1]).toEndWith("x… (5 more characters)");
    expect(texts()[2]).toEndWith("x… (1 more character)");
  });

  test("keeps counters, timers, groups, tables and assertions", () => {
    console.count();
    console.count("a");
    console.count();
    console.countReset();
    console.count();
    console.assert(true, "not this");
    console.assert(false, "but", "this");
    console.group("group");
    console.groupEnd();
    console.table([{ a: 1 }]);
    expect(texts()).toEqual([
      "default: 1",
      "a: 1",
      "default: 2",
      "default: 1",
      "Assertion failed but this",
      "group",
      "[ { a: 1 } ]",
    ]);
    expect(lines[4]?.level).toBe("error");
  });

  test("tells the time that went by", () => {
    console.time("a");
    console.timeLog("a", "so far");
    console.timeEnd("a");
    console.timeEnd("never begun");
    expect(texts()).toEqual([
      expect.stringMatching(/^a: \d+\.\d\dms so far$/),
      expect.stringMatching(/^a: \d+\.\d\dms$/),
      "never begun: 0.00ms",
    ]);
  });

  test("can be replaced by the task", () => {
    const log = console.log;
    console.log = (...values: unknown[]) => log("mine", ...values);
    console.log("hello");
    expect(texts()).toEqual(["mine hello"]);
  });
});
