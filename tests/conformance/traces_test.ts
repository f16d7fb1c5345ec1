import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { conformance, expectAnswer } from "./cases.ts";
import type { TestServer } from "./server.ts";
import { TraceProbe } from "./traces.ts";
import { until } from "./wait.ts";

const apps = ["hooli"];
const host = "hooli-testing.localhost";
const answered = { status: 200 } as const;

conformance("traces", {
  apps,
  flags: ["--timeout=400ms", "--deadline=10s", "--max-duration=5s"],
}, (server) => {
  const probe = () => new TraceProbe(server().dataFolder);

  test("are found by the IDs a client gets", async () => {
    await using traces = probe();
    const answer = await server().fetch("/hello", { host });
    expectAnswer(answer, answered);
    const [requestId, traceId] = ["x-request-id", "x-trace-id"].map((name) =>
      answer.headers.get(name) ?? "none"
    );
    const request = await traces.untilFound(requestId ?? null);
    expect(request).toMatchObject({
      ...{ requestId, traceId, deployment: "hooli-testing", task: "hello", method: "GET" },
      ...{ path: "/hello", client: "127.0.0.1", status: 200, answer: "delivered" },
      ...{ requestBytes: 0, responseBytes: 5 },
      invocations: [{ traceId, attempt: 1, state: "COMPLETED", status: 200, delivered: true }],
    });
    expect(await traces.find(traceId ?? null)).toEqual(request);
  });

  test("tell why an invocation failed, and what it printed", async () => {
    await using traces = probe();
    const answer = await server().fetch("/failing", { host });
    expectAnswer(answer, { status: 500, error: "after" });
    const { invocations } = await traces.untilFound(answer.headers.get("x-request-id"));
    expect(invocations).toMatchObject([{
      ...{
        state: "FAILED",
        code: "handler_failed",
        reason: expect.stringContaining("failed on purpose"),
      },
      lines: [{ level: "warn", stream: "console", text: "about to fail", task: "failing" }],
    }]);
    expect(invocations[0]?.stack).toContain("failing.ts:");
    const failed = await traces.traces({ state: "FAILED" });
    expect(failed.map(({ traceId }) => traceId)).toEqual([String(invocations[0]?.traceId)]);
  });

  test("show what runs, and each attempt of a request", async () => {
    await using traces = probe();
    const answer = server().fetch("/sleeping?ms=600", { host });
    await until(
      "a running invocation",
      async () => (await traces.traces({ state: "RUNNING", task: "sleeping" })).length > 0,
    );
    expectAnswer(await answer, { status: 504, error: "after" });
    const requestId = (await answer).headers.get("x-request-id");
    const isOver = ({ invocations }: { invocations: readonly { state: string }[] }) =>
      invocations.length === 3 && invocations.every(({ state }) => state === "COMPLETED");
    const request = await traces.untilFound(requestId, isOver);
    expect(request).toMatchObject({ answer: "timed-out", status: 504 });
    expect(request.invocations.map(({ attempt, delivered }) => [attempt, delivered]))
      .toEqual([[1, false], [2, false], [3, false]]);
  });

  test("tell of a client that left", async () => {
    await using traces = probe();
    const leave = new AbortController();
    const answer = server().fetch("/sleeping?ms=300", { host, signal: leave.signal });
    const running = await until(
      "a running invocation",
      async () => (await traces.traces({ state: "RUNNING", task: "sleeping" }))[0],
    );
    leave.abort();
    await answer.catch(() => {});
    const request = await traces.untilFound(
      running.requestId,
      ({ answer, invocations }) => answer !== undefined && invocations[0]?.state === "COMPLETED",
    );
    expect(request).toMatchObject({ answer: "client-left", invocations: [{ delivered: false }] });
  });

  test("tell of a request that was refused, where it has a task", async () => {
    await using traces = probe();
    const refused = await server().fetch("/hello", { host, method: "DELETE" });
    expectAnswer(refused, { status: 405, error: "before" });
    const request = await traces.untilFound(refused.headers.get("x-request-id"));
    expect(request).toMatchObject({
      answer: "refused",
      status: 405,
      task: "hello",
      invocations: [],
    });
    const nowhere = await server().fetch("/nowhere", { host });
    await traces.untilFound((await server().fetch("/hello", { host })).headers.get("x-request-id"));
    expect(await traces.find(nowhere.headers.get("x-request-id"))).toBeUndefined();
  });

  test("go on when the recorder is killed, and none is lost", async () => {
    await using traces = probe();
    const before = await server().fetch("/hello", { host });
    const [recorder] = recordersOf(server());
    process.kill(recorder ?? 0, "SIGKILL");
    const during = await server().fetch("/hello", { host });
    await until(
      "another recorder",
      () => recordersOf(server()).some((pid) => pid !== recorder),
    );
    const after = await server().fetch("/hello", { host });
    for (const answer of [before, during, after]) {
      expectAnswer(answer, answered);
      await traces.untilFound(answer.headers.get("x-request-id"));
    }
  });

  test("hold a bounded part of what a task prints", async () => {
    await using traces = probe();
    // 100 MB, by 12,800 lines of 8 KB: what is kept is half of what may wait for a slow recorder.
    const answer = await server().fetch("/printing?lines=12800&length=8000", { host });
    const isOver = (request: { invocations: readonly { state: string }[] }) =>
      request.invocations.some(({ state }) => state === "COMPLETED");
    const request = await traces.untilFound(answer.headers.get("x-request-id"), isOver);
    const [first] = request.invocations;
    expect([first?.lines.length, first?.omittedLines]).toEqual([1_000, 11_800]);
    expect(statSync(join(traces.folder, "traces.db")).size).toBeLessThan(100_000_000);
    expectAnswer(await server().fetch("/hello", { host }), answered);
  });
});

conformance("traces that are switched off", { apps, flags: ["--traces=off"] }, (server) => {
  test("need no recorder", async () => {
    await using traces = new TraceProbe(server().dataFolder);
    const answer = await server().fetch("/hello", { host });
    expectAnswer(answer, answered);
    expect(recordersOf(server())).toEqual([]);
    expect(await traces.find(answer.headers.get("x-request-id"))).toBeUndefined();
  });
});

function recordersOf(server: TestServer): readonly number[] {
  return server.recorders.map(({ pid }) => pid);
}
