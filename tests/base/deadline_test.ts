import { describe, expect, test } from "bun:test";
import { deadline, delay, settlesWithin } from "../../runtime/base/deadline.ts";
import { RuntimeError } from "../../runtime/base/errors.ts";
import { ManualClock } from "../manual_clock.ts";

const never = new Promise<never>(() => {});

/** A signal that counts who listens to it. */
function createSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  return { signal, abort: (reason: unknown) => controller.abort(reason), count: () => listeners };
}

describe("deadline()", () => {
  test("gives what the work gives, and leaves neither timer nor listener behind", async () => {
    const clock = new ManualClock();
    const { signal, count } = createSignal();
    const work = Promise.withResolvers<string>();
    const wait = deadline(work.promise, 100, { clock, signal });
    expect([clock.pending, count()]).toEqual([1, 1]);
    work.resolve("done");
    expect(await wait).toBe("done");
    expect([clock.pending, count()]).toEqual([0, 0]);
  });

  test("rejects with what the work rejects with", async () => {
    const clock = new ManualClock();
    const error = new Error("Cannot");
    expect(await deadline(Promise.reject(error), 100, { clock }).catch((thrown) => thrown))
      .toBe(error);
    expect(clock.pending).toBe(0);
  });

  test("rejects at its time, and says what took too long", async () => {
    const clock = new ManualClock();
    const { signal, count } = createSignal();
    const wait = deadline(never, 100, { clock, signal, what: "start" }).catch((error) => error);
    clock.advance(99);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    const error = await wait;
    expect(error).toBeInstanceOf(RuntimeError);
    expect(error).toMatchObject({ code: "overdue", message: "Cannot start: 100 ms over" });
    expect([clock.pending, count()]).toEqual([0, 0]);
  });

  test("rejects with the reason of its signal, before and during the wait", async () => {
    const clock = new ManualClock();
    const during = createSignal();
    const wait = deadline(never, 100, { clock, signal: during.signal }).catch((error) => error);
    during.abort("gone");
    expect(await wait).toBe("gone");
    const before = deadline(never, 100, { clock, signal: AbortSignal.abort("earlier") });
    expect(await before.catch((error) => error)).toBe("earlier");
    expect(clock.pending).toBe(0);
  });

  test("lets the first end win", async () => {
    const clock = new ManualClock();
    const { signal, abort } = createSignal();
    const wait = deadline(Promise.resolve("done"), 100, { clock, signal });
    await wait;
    clock.advance(100);
    abort("late");
    expect(await wait).toBe("done");
  });
});

describe("delay()", () => {
  test("resolves at its time, and leaves no listener behind", async () => {
    const clock = new ManualClock();
    const { signal, count } = createSignal();
    const wait = delay(100, { clock, signal });
    expect(count()).toBe(1);
    clock.advance(100);
    expect(await wait).toBeUndefined();
    expect(count()).toBe(0);
  });

  test("rejects when its signal aborts, and leaves no timer behind", async () => {
    const clock = new ManualClock();
    const { signal, abort } = createSignal();
    const wait = delay(100, { clock, signal }).catch((error) => error);
    abort("gone");
    expect(await wait).toBe("gone");
    const late = delay(100, { clock, signal }).catch((error) => error);
    expect(await late).toBe("gone");
    expect(clock.pending).toBe(0);
  });
});

describe("settlesWithin()", () => {
  test("is true for work that resolves or rejects", async () => {
    expect(await settlesWithin(Promise.resolve(), 60_000)).toBe(true);
    expect(await settlesWithin(Promise.reject(new Error("Cannot")), 60_000)).toBe(true);
  });

  test("is false for work that does not settle", async () => {
    expect(await settlesWithin(never, 1)).toBe(false);
  });
});
