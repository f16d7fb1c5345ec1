import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "bun:test";
import type { RunResult } from "../../runtime/protocol/call.ts";
import type { OutputLine } from "../../runtime/protocol/messages.ts";
import {
  InvocationAborted,
  InvocationScope,
  lateReportMs,
  maxOutputLines,
  type ScopeOwner,
  Scopes,
} from "../../runtime/worker/scope.ts";
import { failed } from "../invocation/support.ts";
import { ManualClock } from "../manual_clock.ts";
import { callOf } from "../task/support.ts";
import { FakeProcess } from "./support.ts";

/** A worker that notes what its scopes tell. */
function createOwner() {
  const ended: RunResult[] = [];
  const printed: OutputLine[] = [];
  const clock = new ManualClock();
  const owner: ScopeOwner = {
    deployment: { hostname: "acme", environment: "testing", app: "acme-app" },
    clock,
    meter: new FakeProcess(clock).meter,
    ended: (_scope, result) => void ended.push(result),
    printed: (_scope, line) => void printed.push(line),
  };
  const scopeOf = (id = 1) => new InvocationScope(id, callOf(), owner);
  return { ended, printed, clock, scopeOf };
}

const result: RunResult = { kind: "replied", reply: { ...replyBase(), body: "first" } };

function replyBase() {
  return { status: 200, contentType: undefined, headers: undefined };
}

describe("InvocationScope", () => {
  test("tells where it runs", () => {
    const { scopeOf } = createOwner();
    const { hostname, environment, app } = scopeOf();
    expect([hostname, environment, app]).toEqual(["acme", "testing", "acme-app"]);
  });

  test("ends once: the first result counts", () => {
    const { ended, scopeOf } = createOwner();
    const scope = scopeOf();
    scope.end(result);
    scope.end({ kind: "replied", reply: { ...replyBase(), body: "second" } });
    const late = failed("late");
    if (late.kind === "failed") scope.fail(late.failure);
    expect(ended).toEqual([result]);
  });

  test("can fail from outside its run", () => {
    const { ended, scopeOf } = createOwner();
    const scope = scopeOf();
    const failure = failed("a timer threw");
    if (failure.kind === "failed") scope.fail(failure.failure);
    scope.end(result);
    expect(ended).toEqual([failure] as RunResult[]);
  });

  test("passes on as many lines as it may, and tells at the end how many more there were", () => {
    const { printed, scopeOf } = createOwner();
    const scope = scopeOf();
    for (let line = 1; line <= maxOutputLines + 5; line++) {
      scope.print({ level: "info", text: `line ${line}` });
    }
    expect(printed).toHaveLength(maxOutputLines);
    scope.end(result);
    expect(printed.slice(maxOutputLines)).toEqual([{
      level: "warn",
      text: `dropped 5 more lines of output: the limit is ${maxOutputLines}`,
      omittedLines: 5,
    }]);
  });

  test("tells of no dropped lines when there were just as many as it may pass on", () => {
    const { printed, scopeOf } = createOwner();
    const scope = scopeOf();
    for (let line = 1; line <= maxOutputLines; line++) scope.print({ level: "info", text: "" });
    scope.end(result);
    expect(printed).toHaveLength(maxOutputLines);
  });
});

describe("an InvocationScope that has ended", () => {
  test("tells what still fails as output, and says that it came late", () => {
    const { ended, printed, scopeOf } = createOwner();
    const scope = scopeOf();
    expect(scope.hasEnded).toBe(false);
    scope.end(result);
    const base = { code: "timer_failed", publicMessage: undefined } as const;
    const message = "Cannot run a callback";
    scope.fail({ ...base, message, stack: "Error: late\n    at /app/hello.ts:1:2" });
    scope.end({ kind: "failed", failure: { ...base, message, stack: undefined } });
    scope.end({ kind: "replied", reply: { ...replyBase(), body: "second" } });
    expect([scope.hasEnded, ended]).toEqual([true, [result]]);
    const title = "Error after the end of the invocation";
    expect(printed).toEqual([
      { level: "error", text: `${title}: Error: late\n    at /app/hello.ts:1:2` },
      { level: "error", text: `${title}: ${message}` },
    ]);
  });

  test("counts what it drops from then on, and tells so once a second", () => {
    const { printed, clock, scopeOf } = createOwner();
    const scope = scopeOf();
    const print = (count: number) => {
      for (let line = 1; line <= count; line++) scope.print({ level: "info", text: "late" });
    };
    print(maxOutputLines - 1);
    scope.end(result);
    print(4);
    expect([printed.length, clock.pending]).toEqual([maxOutputLines, 1]);
    clock.advance(lateReportMs);
    print(2);
    clock.advance(lateReportMs);
    expect([printed.slice(maxOutputLines).map(({ text }) => text), clock.pending]).toEqual([
      [3, 2].map((count) =>
        `dropped ${count} more lines of output: the limit is ${maxOutputLines}`
      ),
      0,
    ]);
  });
});

describe("InvocationScope.signal()", () => {
  test("is one signal, which aborts once with the first reason", () => {
    const { scopeOf } = createOwner();
    const scope = scopeOf();
    const signal = scope.signal();
    let aborts = 0;
    signal.addEventListener("abort", () => void (aborts += 1));
    expect([scope.signal() === signal, signal.aborted]).toEqual([true, false]);
    scope.abort("Overdue");
    scope.abort("ClientGone");
    expect(aborts).toBe(1);
    expect(signal.reason).toBeInstanceOf(InvocationAborted);
    expect(signal.reason).toMatchObject({ name: "Overdue" });
  });

  test("is aborted from the start when it is asked for too late", () => {
    const { scopeOf } = createOwner();
    const scope = scopeOf();
    scope.abort("Draining");
    scope.abort("ClientGone");
    expect([scope.signal().aborted, scope.signal().reason.name]).toEqual([true, "Draining"]);
  });
});

describe("Scopes", () => {
  test("run code outside of any invocation, and what it imports and awaits", async () => {
    const { scopeOf } = createOwner();
    const scopes = new Scopes();
    const seen = await new Promise((resolve) =>
      scopes.run(scopeOf(), async () => {
        const inside = await scopes.outside(async () => {
          await new Promise(setImmediate);
          return scopes.current();
        });
        resolve([inside, scopes.current()?.id]);
      })
    );
    expect(seen).toEqual([undefined, 1]);
  });

  test("know on whose behalf code runs, across waits", async () => {
    const { scopeOf } = createOwner();
    const scopes = new Scopes();
    const seen: (number | undefined)[] = [];
    const both = [1, 2].map((id) =>
      new Promise<void>((resolve) =>
        scopes.run(scopeOf(id), async () => {
          seen.push(scopes.current()?.id);
          await new Promise(setImmediate);
          seen.push(scopes.current()?.id);
          resolve();
        })
      )
    );
    expect(scopes.current()).toBeUndefined();
    await Promise.all(both);
    expect(seen).toEqual([1, 2, 1, 2]);
  });

  test("keep an invocation from what another has entered in a storage of its own", () => {
    const { scopeOf } = createOwner();
    const scopes = new Scopes();
    const user = new AsyncLocalStorage<string>();
    scopes.run(scopeOf(1), () => user.enterWith("somebody"));
    let found: string | undefined = "nothing yet";
    scopes.run(scopeOf(2), () => {
      found = user.getStore();
    });
    expect(found).toBeUndefined();
  });

  test("count an invocation as running until it is deleted", () => {
    const { scopeOf } = createOwner();
    const scopes = new Scopes();
    const [first, second] = [scopeOf(1), scopeOf(2)];
    scopes.run(first, () => {});
    scopes.run(second, () => {});
    expect([scopes.size, scopes.all(), scopes.find(2)]).toEqual([2, [first, second], second]);
    scopes.delete(first);
    scopes.delete(first);
    expect([scopes.size, scopes.all(), scopes.find(1)]).toEqual([1, [second], undefined]);
  });
});
