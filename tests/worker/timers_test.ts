import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { InvocationScope, Scopes } from "../../runtime/worker/scope.ts";
import { guardTimers } from "../../runtime/worker/timers.ts";
import { ManualClock } from "../manual_clock.ts";
import { callOf } from "../task/support.ts";
import { FakeProcess } from "./support.ts";

const names = ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"] as const;
const originals = names.map((name) => [name, Reflect.get(globalThis, name)] as const);

let scopes = new Scopes();
let thrown: (readonly [id: number | undefined, error: unknown])[] = [];

beforeEach(() => {
  scopes = new Scopes();
  thrown = [];
  guardTimers(scopes, (scope, error) => void thrown.push([scope?.id, error]));
});
afterEach(() => {
  for (const [name, original] of originals) Reflect.set(globalThis, name, original);
});

/** Runs code as invocation `id`, and waits for the promise it gives. */
function runAs<T>(id: number, code: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) =>
    scopes.run(scopeOf(id), () => void code().then(resolve, reject))
  );
}

function scopeOf(id: number): InvocationScope {
  return new InvocationScope(id, callOf(), {
    deployment: { hostname: "acme", environment: "testing", app: "acme" },
    clock: new ManualClock(),
    meter: new FakeProcess().meter,
    ended() {},
    printed() {},
  });
}

function throwing(done: () => void): () => never {
  return () => {
    done();
    throw new RangeError("from a callback");
  };
}

describe("guardTimers()", () => {
  test.each(["setTimeout", "setImmediate", "queueMicrotask"] as const)(
    "gives what %s throws to the invocation that set it",
    async (name) => {
      const set = (callback: () => void) => globalThis[name](callback);
      await Promise.all(
        [1, 2].map((id) => runAs(id, () => new Promise<void>((done) => void set(throwing(done))))),
      );
      expect(thrown).toEqual([[1, new RangeError("from a callback")], [2, expect.any(RangeError)]]);
    },
  );

  test("gives every throw of an interval, which runs on", async () => {
    await runAs(1, () =>
      new Promise<void>((done) => {
        let count = 0;
        const interval = setInterval(() => {
          count += 1;
          if (count === 3) {
            clearInterval(interval);
            done();
          }
          throw new RangeError(`${count}`);
        }, 1);
      }));
    expect(thrown).toHaveLength(3);
  });

  test("keeps arguments, the handle and clearing", async () => {
    await runAs(1, () =>
      new Promise<void>((done) => {
        const cleared = setTimeout(() => thrown.push([0, "not cleared"]), 0);
        clearTimeout(cleared);
        const timer = setTimeout(
          (...values: unknown[]) => {
            expect(values).toEqual([1, "two"]);
            done();
          },
          1,
          1,
          "two",
        );
        expect(timer.hasRef()).toBe(true);
      }));
    expect(thrown).toEqual([]);
  });

  test.each(["setTimeout", "setInterval", "setImmediate"] as const)(
    "gives the callback of %s its timer as this",
    async (name) => {
      const seen = await runAs(1, () =>
        new Promise<unknown[]>((resolve) => {
          const timer = globalThis[name](function (this: unknown) {
            if (name === "setInterval") Reflect.apply(clearInterval, undefined, [timer]);
            resolve([this, timer]);
          });
        }));
      expect(seen[0]).toBe(seen[1]);
    },
  );

  test("keeps names and lengths", () => {
    for (const [name, original] of originals) {
      const { name: ownName, length } = globalThis[name];
      expect({ name: ownName, length }).toEqual({ name, length: original.length });
    }
  });

  test("keeps the promise forms", async () => {
    expect(await runAs(1, () => promisify(setTimeout)(0, "value"))).toBe("value");
    expect(await runAs(1, () => promisify(setImmediate)("value"))).toBe("value");
    expect(await runAs(1, () => wait(0, "value"))).toBe("value");
  });

  test("keeps what is no function to the runtime", () => {
    for (const name of ["setTimeout", "queueMicrotask"] as const) {
      const set = () => Reflect.apply(globalThis[name], undefined, [{}]);
      expect(() => scopes.run(scopeOf(1), set)).toThrow();
    }
  });

  test("gives what a timer of no invocation throws to nobody", async () => {
    await new Promise<void>((done) => void setTimeout(throwing(done), 0));
    expect(thrown).toEqual([[undefined, new RangeError("from a callback")]]);
  });
});
