import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RuntimeError } from "../../runtime/base/errors.ts";
import { summarize, toFailure } from "../../runtime/task/failure.ts";
import { IllegalResponse } from "../../runtime/task/illegal_response.ts";

function fail(thrown: unknown) {
  return toFailure("handler_failed", "run it", thrown);
}

describe("toFailure()", () => {
  test("has the error's name, message and stack, and nothing for the client", () => {
    const failure = fail(new RangeError("boom"));
    expect(failure).toMatchObject({
      code: "handler_failed",
      message: "Cannot run it: RangeError: boom",
      publicMessage: undefined,
    });
    expect(failure.stack).toContain("RangeError: boom");
    expect(failure.stack).toContain("failure_test.ts");
  });

  test("has the first line of a message, and all of it in the stack", () => {
    const failure = fail(new Error("one\ntwo"));
    expect(failure.message).toBe("Cannot run it: Error: one");
    expect(failure.stack).toContain("two");
  });

  test("has the stacks of the causes", () => {
    const root = new TypeError("root");
    const failure = fail(new Error("top", { cause: new Error("middle", { cause: root }) }));
    expect(failure.stack).toMatch(/top[^]*Caused by: [^]*middle[^]*Caused by: [^]*root/);
    expect(fail(new Error("top", { cause: "text" })).stack).toContain(
      'Caused by: thrown value "text"',
    );
  });

  test("has the members of an AggregateError", () => {
    const failure = fail(new AggregateError([new Error("one"), new Error("two")], "both"));
    expect(failure.message).toBe("Cannot run it: Error: one");
    expect(failure.stack).toMatch(/both[^]*one[^]*two/);
  });

  test("has the errors of a file that does not parse, and not that there are some", () => {
    const errorAt = (line: number) =>
      Object.assign(new Error(`no ${line}`), {
        stack: "",
        position: { file: "/a.ts", line, column: 2 },
      });
    const list = new AggregateError([errorAt(1), errorAt(3)], '2 errors building "/a.ts"');
    list.stack = `AggregateError: ${list.message}\n    at loadTask (runtime/task/load.ts:1:2)`;
    expect(fail(list).stack).toBe(
      "Error: no 1\n    at /a.ts:1:2\nCaused by: Error: no 3\n    at /a.ts:3:2",
    );
  });

  test("has no frames of ours after the author's, and none where there are no others", () => {
    const ours = "    at runTask (runtime/task/run.ts:1:2)";
    const error = new Error("boom");
    error.stack = `Error: boom\n    at /a.ts:1:2\n${ours}`;
    expect(fail(error).stack).toBe("Error: boom\n    at /a.ts:1:2");
    error.stack = `Error: boom\n${ours}`;
    expect(fail(error).stack).toBe("Error: boom");
    error.cause = Object.assign(new Error("root"), { stack: `Error: root\n${ours}` });
    expect(fail(error).stack).toBe("Error: boom\nCaused by: Error: root");
  });

  test("leaves out the name of an error that says nothing to its author", () => {
    const illegal = fail(new IllegalResponse("Cannot send a stream as the body"));
    expect(illegal.message).toBe("Cannot run it: Cannot send a stream as the body");
    expect(illegal.stack).toStartWith("Cannot send a stream as the body\n    at ");
    const overdue = new RuntimeError("overdue", "Cannot finish its top level: 10000 ms over");
    expect(fail(overdue).message).toBe(`Cannot run it: ${overdue.message}`);
    const resolve = Object.assign(new Error("Cannot find x"), {
      name: "ResolveMessage",
      stack: "",
    });
    expect(fail(resolve)).toMatchObject({
      message: "Cannot run it: Cannot find x",
      stack: "Cannot find x",
    });
    const plain = fail(new TypeError("Cannot read it"));
    expect(plain.message).toBe("Cannot run it: TypeError: Cannot read it");
  });

  test("has no colors", () => {
    const error = new Error("boom");
    error.stack = "Error: boom\n    at \x1b[0m\x1b[36mfile:///a.ts\x1b[0m:\x1b[33m1\x1b[0m";
    expect(fail(error).stack).toBe("Error: boom\n    at file:///a.ts:1");
    const colored = new Error("no \x1b[36mfile:///b.ts\x1b[0m");
    colored.stack = `Error: ${colored.message}\n    at file:///a.ts:1`;
    expect(fail(colored)).toMatchObject({
      message: "Cannot run it: Error: no file:///b.ts",
      stack: "Error: no file:///b.ts\n    at file:///a.ts:1",
    });
  });

  test("stops after ten causes and in a circle", () => {
    let error = new Error("0");
    for (let i = 1; i <= 20; i++) error = new Error(`${i}`, { cause: error });
    expect(fail(error).stack?.match(/Caused by/g)).toHaveLength(10);
    const circle = new Error("circle");
    circle.cause = circle;
    expect(fail(circle).stack).not.toContain("Caused by");
  });

  test("keeps at most 64 KiB of a stack, whole characters, and 1,000 of a message", () => {
    const failure = fail(new Error("é€".repeat(100_000)));
    const bytes = new TextEncoder().encode(failure.stack).byteLength;
    expect(bytes).toBeWithin(64 * 1024 - 3, 64 * 1024 + 1);
    expect(failure.message.length).toBeLessThan(1100);
  });

  test("shows a message that was changed after the stack was taken", () => {
    const error = new Error("old");
    void error.stack;
    error.message = "new";
    expect(fail(error).stack).toContain("Error: new");
  });

  test.each([
    ["null", null],
    ["undefined", undefined],
    ['"x"', "x"],
    ["5", 5],
    ["Symbol(s)", Symbol("s")],
    ['{"code":5}', { code: 5 }],
  ])("shows a thrown value that is no error: %s", (shown, thrown) => {
    expect(fail(thrown)).toMatchObject({
      message: `Cannot run it: thrown value ${shown}`,
      stack: undefined,
    });
  });

  test("never throws, however hostile the value", () => {
    const boom = () => {
      throw new Error("boom");
    };
    const traps = { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom };
    const revoked = Proxy.revocable([], {});
    revoked.revoke();
    const getters = Object.defineProperties(new Error("x"), {
      message: { get: boom },
      stack: { get: boom },
      name: { get: boom },
      cause: { get: boom },
    });
    const odd = Object.assign(new Error("x"), { name: 5, stack: {}, errors: revoked.proxy });
    const unplaced = Object.assign(new Error("x"), {
      stack: "",
      position: { file: "a.ts", line: { toString: boom }, column: Symbol("c") },
      errors: Object.assign([new Error("y")], { slice: boom, [Symbol.iterator]: boom }),
    });
    const unprintable = { toString: boom, toJSON: boom };
    for (
      const thrown of [new Proxy({}, traps), revoked.proxy, getters, odd, unplaced, unprintable]
    ) {
      expect(fail(thrown).message).toStartWith("Cannot run it: ");
      expect(fail(new Error("top", { cause: thrown })).stack).toContain("top");
    }
    fc.assert(fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (thrown) => {
      expect(summarize(thrown)).toBeString();
    }));
  });
});
