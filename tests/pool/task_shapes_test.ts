import { describe, expect, test } from "bun:test";
import { type DescriberEnd, TaskShapes } from "../../runtime/pool/task_shapes.ts";
import type { Failure } from "../../runtime/protocol/call.ts";
import { isSettled } from "./created_pool.ts";
import { shape, turn } from "./fake_workers.ts";

const death: Failure = {
  code: "start_failed",
  message: "The process of the task ended with exit code 1",
  stack: "no luck",
  publicMessage: undefined,
};

/** The end of a process of its own doing, while it loaded tasks. */
function endOf(loading: readonly string[]): DescriberEnd {
  return { loading, failure: death, wasKilledByOthers: false };
}

function createShapes(...tasks: string[]): TaskShapes {
  return new TaskShapes(tasks.length > 0 ? tasks : ["a", "b", "c"], { onWanted() {} });
}

describe("TaskShapes", () => {
  test("knows each task once it has been learned, and all once each has", () => {
    const shapes = createShapes("a", "b");
    shapes.learn("b", shape);
    expect([shapes.find("a"), shapes.find("b")]).toEqual([undefined, shape]);
    expect([shapes.isComplete, shapes.all]).toEqual([false, undefined]);
    shapes.learn("a", shape);
    expect(shapes.all).toEqual(new Map([["b", shape], ["a", shape]]));
  });

  test("keeps what it knows, and learns nothing of tasks that the release does not have", () => {
    const shapes = createShapes("a");
    shapes.learn("__proto__", shape);
    shapes.learn("other", shape);
    expect([shapes.isComplete, shapes.find("other")]).toEqual([false, undefined]);
    shapes.learn("a", shape);
    shapes.learn("a", { kind: "broken", failure: death });
    expect(shapes.find("a")).toBe(shape);
  });

  test("is complete where there is no task", () => {
    const shapes = new TaskShapes([], { onWanted() {} });
    expect([shapes.isComplete, shapes.all]).toEqual([true, new Map()]);
  });

  test("has what is open loaded, what somebody waits for before the rest", () => {
    const shapes = createShapes("a", "b", "c", "d");
    expect(shapes.plan([])).toEqual({ tasks: ["a", "b", "c", "d"], isCareful: false });
    void shapes.wait("d", undefined);
    void shapes.wait(undefined, undefined);
    shapes.learn("b", shape);
    expect(shapes.plan([])).toEqual({ tasks: ["d", "a", "c"], isCareful: false });
  });

  test("has nothing loaded twice: not while one gets on, nor what one is stuck at", () => {
    const shapes = createShapes("a", "b", "c");
    void shapes.wait(undefined, undefined);
    const stuck = { loading: ["b"], isSlow: true };
    const quick = { loading: ["a"], isSlow: false };
    expect([shapes.plan([stuck, quick]), shapes.isWanted([stuck, quick])])
      .toEqual([undefined, false]);
    expect([shapes.plan([stuck]), shapes.isWanted([stuck])])
      .toEqual([{ tasks: ["a", "c"], isCareful: false }, true]);
    for (const task of ["a", "c"]) shapes.learn(task, shape);
    expect([shapes.plan([stuck]), shapes.isWanted([stuck])]).toEqual([undefined, false]);
  });
});

describe("TaskShapes.blame()", () => {
  test("finds a task out that was the only one loading", () => {
    const shapes = createShapes();
    expect(shapes.blame(endOf(["b"]))).toBe(true);
    const failure: Failure = {
      code: "load_failed",
      message: 'Cannot load task "b" as its top level takes its process down: ' +
        "The process of the task ended with exit code 1",
      stack: "no luck",
      publicMessage: undefined,
    };
    expect(shapes.find("b")).toEqual({ kind: "broken", failure });
    expect([shapes.deadlyFailure("b"), shapes.deadlyFailure("a")]).toEqual([failure, undefined]);
    expect(shapes.plan([])).toEqual({ tasks: ["a", "c"], isCareful: false });
  });

  test("makes several suspects, which are loaded first and one after the other", () => {
    const shapes = createShapes("a", "b", "c", "d");
    expect(shapes.blame(endOf(["d", "b"]))).toBe(true);
    expect(shapes.plan([])).toEqual({ tasks: ["b", "d", "a", "c"], isCareful: true });
    expect([shapes.find("b"), shapes.deadlyFailure("b")]).toEqual([undefined, undefined]);
    shapes.learn("b", shape);
    expect(shapes.plan([])).toEqual({ tasks: ["d", "a", "c"], isCareful: true });
    expect(shapes.blame(endOf(["d"]))).toBe(true);
    expect(shapes.deadlyFailure("d")).toMatchObject({ code: "load_failed" });
    expect(shapes.plan([])).toEqual({ tasks: ["a", "c"], isCareful: false });
  });

  test("takes one killing for chance, and a second of the same task for none", () => {
    const shapes = createShapes();
    const killed = (task: string) => ({ ...endOf([task]), wasKilledByOthers: true });
    expect(shapes.blame(killed("b"))).toBe(true);
    expect([shapes.find("b"), shapes.deadlyFailure("b")]).toEqual([undefined, undefined]);
    expect(shapes.plan([])).toEqual({ tasks: ["b", "a", "c"], isCareful: true });
    expect(shapes.blame(killed("a"))).toBe(true);
    expect(shapes.deadlyFailure("a")).toBeUndefined();
    expect(shapes.blame(killed("b"))).toBe(true);
    expect(shapes.deadlyFailure("b")).toMatchObject({ code: "load_failed" });
    shapes.learn("a", shape);
    expect(shapes.plan([])).toEqual({ tasks: ["c"], isCareful: false });
  });

  test("tells one that loads from those that have been loaded before", () => {
    const shapes = createShapes("a", "b");
    shapes.learn("a", shape);
    expect(shapes.blame(endOf(["a", "b"]))).toBe(true);
    expect([shapes.find("a"), shapes.find("b")?.kind]).toEqual([shape, "broken"]);
  });

  test("explains nothing where nothing was loading, or only what is known", () => {
    const shapes = createShapes("a", "b");
    shapes.learn("a", shape);
    expect(shapes.blame(endOf([]))).toBe(false);
    expect(shapes.blame(endOf(["a"]))).toBe(false);
    expect(shapes.plan([])).toEqual({ tasks: ["b"], isCareful: false });
  });

  test("explains nothing by a task that the release does not have", () => {
    const shapes = createShapes("a");
    expect(shapes.blame(endOf(["other"]))).toBe(false);
    expect(shapes.blame(endOf(["other", "__proto__"]))).toBe(false);
    expect(shapes.deadlyFailure("other")).toBeUndefined();
    expect(shapes.plan([])).toEqual({ tasks: ["a"], isCareful: false });
  });
});

describe("TaskShapes.wait()", () => {
  test("ends when its task is known, or found out", async () => {
    const shapes = createShapes();
    const [a, b, again] = [
      shapes.wait("a", undefined),
      shapes.wait("b", undefined),
      shapes.wait("a", undefined),
    ];
    shapes.learn("c", shape);
    expect([shapes.taskWaiterCount, await isSettled(a)]).toEqual([3, false]);
    shapes.learn("a", shape);
    await Promise.all([a, again]);
    expect([shapes.taskWaiterCount, await isSettled(b)]).toEqual([1, false]);
    shapes.blame(endOf(["b"]));
    await b;
    expect([shapes.taskWaiterCount, shapes.isWanted([])]).toEqual([0, false]);
  });

  test("for all ends when the last is known", async () => {
    const shapes = createShapes("a", "b");
    const all = shapes.wait(undefined, undefined);
    expect([shapes.isWanted([]), shapes.taskWaiterCount]).toEqual([true, 0]);
    shapes.learn("a", shape);
    expect(await isSettled(all)).toBe(false);
    shapes.learn("b", shape);
    await all;
  });

  test("ends with its signal, which nothing holds after that", async () => {
    const shapes = createShapes();
    const { signal, leave } = createSignal();
    const left = shapes.wait("a", signal.signal);
    const stays = shapes.wait("a", undefined);
    leave();
    await left;
    expect([shapes.taskWaiterCount, await isSettled(stays)]).toEqual([1, false]);
    shapes.learn("a", shape);
    await stays;
  });

  test("leaves no listener on a signal that outlives it", async () => {
    const shapes = createShapes("a");
    const { signal, listeners } = createSignal();
    const known = shapes.wait("a", signal.signal);
    expect(listeners()).toBe(1);
    shapes.learn("a", shape);
    await known;
    expect(listeners()).toBe(0);
  });

  test("ends for everybody when nobody can tell", async () => {
    const shapes = createShapes();
    const waits = [shapes.wait("a", undefined), shapes.wait(undefined, undefined)];
    shapes.giveUp();
    await Promise.all(waits);
    await turn();
    expect([shapes.isWanted([]), shapes.taskWaiterCount, shapes.find("a")])
      .toEqual([false, 0, undefined]);
  });
});

/** A signal that counts who listens to it. */
function createSignal() {
  const signal = new AbortController();
  let count = 0;
  const { addEventListener, removeEventListener } = signal.signal;
  signal.signal.addEventListener = (...listener: Parameters<typeof addEventListener>) => {
    count += 1;
    addEventListener.apply(signal.signal, listener);
  };
  signal.signal.removeEventListener = (...listener: Parameters<typeof removeEventListener>) => {
    count -= 1;
    removeEventListener.apply(signal.signal, listener);
  };
  return { signal, listeners: () => count, leave: () => signal.abort() };
}
