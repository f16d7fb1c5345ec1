import { expect, test } from "bun:test";
import { conformance, expectAnswer, type Expectation } from "./cases.ts";
import { PlannedRequest } from "./planned_request.ts";
import { untilInvocation, untilRequest } from "./records.ts";
import type { TestServer } from "./server.ts";

const timeoutMs = 600;
/** Timers may fire a moment early, by another clock. */
const clockMs = 10;
const supervised = [`--timeout=${timeoutMs}ms`, "--max-duration=20s", "--log=json", "--drain=4s"];
const apps = ["initech"];

const failed: Expectation = { status: 500, error: "after" };
const timedOut: Expectation = { status: 504, error: "after" };
/** Longer than an invocation's own timeout. */
const late = `wait ${timeoutMs + 100}`;

/** Waits until a request that began after all others has started its second attempt. */
async function untilOthersWouldHaveStarted(server: TestServer): Promise<void> {
  const later = new PlannedRequest(server, { first: "until done", second: "mark done" });
  expectAnswer(await later.answer, { status: 200 });
}

conformance("attempts", {
  apps,
  flags: [...supervised, "--deadline=20s"],
}, (server) => {
  test("run in new processes with new trace IDs, while the earlier run on", async () => {
    await Promise.all([1, 2].map(() => new PlannedRequest(server(), {}).answer));
    const request = new PlannedRequest(server(), { first: "until done", second: "until done" });
    const answer = await request.answer;
    const third = await request.until("started", 3);
    expectAnswer(answer, {
      status: 200,
      jsonWith: { attempt: 3, traceId: third.traceId, runs: 1 },
      headers: { "x-trace-id": third.traceId, "x-request-id": third.requestId },
    });
    request.mark("done");
    const earlier = [await request.until("ended", 1), await request.until("ended", 2)];
    const started = request.notes.filter(({ event }) => event === "started");
    expect(started.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    for (const field of ["pid", "traceId"] as const) {
      expect(new Set(started.map((note) => note[field])).size).toBe(3);
    }
    expect(new Set(started.map(({ requestId }) => requestId)).size).toBe(1);
    expect(started[0]?.runs).toBeGreaterThan(1);
    expect(started.slice(1).map(({ runs }) => runs)).toEqual([1, 1]);
    for (const { leftMs = 0 } of started) expect(leftMs).toBeLessThanOrEqual(timeoutMs);
    for (const { traceId, attempt } of earlier) {
      expect(await untilInvocation(server(), traceId)).toMatchObject({
        ...{ attempt, state: "COMPLETED", status: 200, delivered: false },
        requestId: third.requestId,
      });
    }
    expect(await untilInvocation(server(), third.traceId)).toMatchObject({
      ...{ attempt: 3, state: "COMPLETED", status: 200, delivered: true, pid: third.pid },
    });
    expect(await untilRequest(server(), third.requestId)).toMatchObject({
      ...{ status: 200, answer: "delivered", traceId: third.traceId },
    });
  });

  test("learn by their signals that they are overdue", async () => {
    const request = new PlannedRequest(server(), { first: "until done" });
    expectAnswer(await request.answer, { status: 200, jsonWith: { attempt: 2 } });
    expect((await request.until("aborted", 1)).reason).toBe("Overdue");
    request.mark("done");
    await request.until("ended", 1);
    expect(request.notes.filter(({ event }) => event === "aborted").length).toBe(1);
  });

  test("answer when they end within their own time, and a late answer is discarded", async () => {
    const request = new PlannedRequest(server(), {
      first: `${late},mark one`,
      second: "until one,wait 50",
    });
    const { status, text, elapsedMs } = await request.timed();
    expect({ status, ...JSON.parse(text) }).toMatchObject({ status: 200, attempt: 2 });
    expect(elapsedMs).toBeGreaterThan(timeoutMs - clockMs);
    const first = await request.until("ended", 1);
    expect(await untilInvocation(server(), first.traceId)).toMatchObject({
      ...{ state: "COMPLETED", status: 200, delivered: false },
    });
  });

  test("end with 504 and the last trace ID as soon as none can answer", async () => {
    const request = new PlannedRequest(server(), { each: "until done" });
    const answer = await request.timed();
    const last = await request.until("started", 3);
    expectAnswer(answer, { ...timedOut, headers: { "x-trace-id": last.traceId } });
    expect(answer.elapsedMs).toBeGreaterThan(3 * (timeoutMs - clockMs));
    expect(answer.elapsedMs).toBeLessThan(15_000);
    request.mark("done");
    expect(await untilInvocation(server(), last.traceId)).toMatchObject({
      ...{ state: "COMPLETED", delivered: false },
    });
    expect(await untilRequest(server(), last.requestId)).toMatchObject({ answer: "timed-out" });
  });

  test("are not started after a failure within its own time", async () => {
    const request = new PlannedRequest(server(), { first: "throw" });
    expectAnswer(await request.answer, failed);
    const crashed = new PlannedRequest(server(), { first: "exit" });
    expectAnswer(await crashed.answer, failed);
    await untilOthersWouldHaveStarted(server());
    expect(request.notes.filter(({ event }) => event === "started").length).toBe(1);
    expect(crashed.notes.filter(({ event }) => event === "started").length).toBe(1);
    const { traceId } = await crashed.until("started");
    expect(await untilInvocation(server(), traceId)).toMatchObject({
      ...{ state: "CRASHED", delivered: true },
    });
  });

  test("fail the request at once when the second fails within its own time", async () => {
    const request = new PlannedRequest(server(), { first: "until done", second: "throw" });
    const second = await request.until("started", 2);
    expectAnswer(await request.answer, { ...failed, headers: { "x-trace-id": second.traceId } });
    await untilOthersWouldHaveStarted(server());
    expect(request.notes.some(({ attempt }) => attempt === 3)).toBe(false);
    request.mark("done");
    const first = await request.until("ended", 1);
    expect(await untilInvocation(server(), first.traceId)).toMatchObject({
      ...{ state: "COMPLETED", delivered: false },
    });
  });

  test("only record a failure that comes late", async () => {
    const request = new PlannedRequest(server(), {
      first: `${late},mark one,throw`,
      second: "until one,wait 50",
    });
    expectAnswer(await request.answer, { status: 200, jsonWith: { attempt: 2 } });
    const { traceId } = await request.until("started", 1);
    expect(await untilInvocation(server(), traceId)).toMatchObject({
      ...{ state: "FAILED", delivered: false },
    });
  });

  test("are not started for a client that has left", async () => {
    const client = new AbortController();
    const request = new PlannedRequest(server(), { first: "until done" }, {
      signal: client.signal,
    });
    const { traceId, requestId } = await request.until("started");
    client.abort();
    expect(await request.answer.catch((error) => error.name)).toBe("AbortError");
    expect((await request.until("aborted")).reason).toBe("ClientGone");
    await untilOthersWouldHaveStarted(server());
    request.mark("done");
    expect(await untilInvocation(server(), traceId)).toMatchObject({
      ...{ attempt: 1, state: "COMPLETED", delivered: false },
    });
    expect(await untilRequest(server(), requestId)).toMatchObject({ answer: "client-left" });
    expect(request.notes.map(({ event }) => event)).toEqual(["started", "aborted", "ended"]);
  });
});

/** A second process has more than two seconds to be ready, and a third one less: the machine may be busy. */
const spaced = ["--timeout=1500ms", "--deadline=4s"];

conformance("the deadline", { apps, flags: [...supervised, ...spaced] }, (server) => {
  test("gives 504 with the last trace ID while attempts run on", async () => {
    const request = new PlannedRequest(server(), { each: "until done" });
    const answer = await request.timed();
    expectAnswer(answer, timedOut);
    expect(answer.elapsedMs).toBeGreaterThan(4_000 - clockMs);
    request.mark("done");
    const last = await untilInvocation(server(), answer.headers.get("x-trace-id"));
    expect(last).toMatchObject({ state: "COMPLETED", delivered: false });
    const { attempt = 0, requestId } = last;
    expect(attempt).toBeGreaterThan(1);
    for (let earlier = 1; earlier < attempt; earlier++) {
      const { traceId } = await request.until("ended", earlier);
      expect(await untilInvocation(server(), traceId)).toMatchObject({
        ...{ attempt: earlier, requestId, state: "COMPLETED", delivered: false },
      });
    }
    expect(request.notes.every((note) => note.attempt <= attempt)).toBe(true);
  });
});

conformance("late answers that are delivered", {
  apps,
  flags: [...supervised, "--deadline=20s", "--late=deliver"],
}, (server) => {
  test("answer when they are first", async () => {
    const request = new PlannedRequest(server(), { first: "until two", second: "until done" });
    await request.until("started", 2);
    request.mark("two");
    const answer = await request.answer;
    expectAnswer(answer, { status: 200, jsonWith: { attempt: 1 } });
    const traceId = answer.headers.get("x-trace-id");
    expect(await untilInvocation(server(), traceId)).toMatchObject({
      ...{ attempt: 1, state: "COMPLETED", delivered: true },
    });
    request.mark("done");
    await request.until("ended", 2);
  });

  test("answer as a failure only when nothing else can", async () => {
    const request = new PlannedRequest(server(), {
      first: `${late},mark one,throw`,
      second: "until one,wait 100",
    });
    expectAnswer(await request.answer, { status: 200, jsonWith: { attempt: 2 } });
    const hopeless = new PlannedRequest(server(), { each: `${late},throw` });
    expectAnswer(await hopeless.answer, failed);
    expect(hopeless.notes.filter(({ event }) => event === "started").length).toBe(3);
  });
});

conformance("a single attempt", {
  apps,
  flags: [...supervised, "--deadline=20s", "--attempts=1"],
}, (server) => {
  test("gives 504 at its own timeout", async () => {
    const request = new PlannedRequest(server(), { first: "until done" });
    const answer = await request.timed();
    expectAnswer(answer, timedOut);
    expect(answer.elapsedMs).toBeGreaterThan(timeoutMs - clockMs);
    expect(answer.elapsedMs).toBeLessThan(15_000);
    request.mark("done");
    await request.until("ended");
    expect(request.notes.filter(({ event }) => event === "started").length).toBe(1);
  });
});

conformance("attempts in a drain", {
  apps,
  flags: [...supervised, "--deadline=20s"],
}, (server) => {
  test("learn of it by their signal, and no further one starts", async () => {
    const request = new PlannedRequest(server(), { first: "until done" });
    const { traceId } = await request.until("started");
    server().signal("SIGTERM");
    expect((await request.until("aborted")).reason).toBe("Draining");
    expectAnswer(await request.answer, { ...timedOut, headers: { "x-trace-id": traceId } });
    request.mark("done");
    expect(await server().exited).toBe(0);
    expect(request.notes.filter(({ event }) => event === "started").length).toBe(1);
    expect(await untilInvocation(server(), traceId)).toMatchObject({ state: "COMPLETED" });
  });
});

conformance("maxDuration", { apps, flags: ["--max=1", "--log=json"] }, (server) => {
  test("kills the process, and its neighbours name the trace that took them down", async () => {
    const neighbour = new PlannedRequest(server(), { first: "until never" });
    const { pid } = await neighbour.until("started");
    const culprit = new PlannedRequest(server(), { first: "until never" }, { task: "brief" });
    const { traceId, pid: shared } = await culprit.until("started");
    expect(shared).toBe(pid);
    expectAnswer(await culprit.answer, timedOut);
    expectAnswer(await neighbour.answer, failed);
    expect(await untilInvocation(server(), traceId)).toMatchObject({
      ...{ state: "KILLED", code: "max_duration", delivered: false },
    });
    const taken = await untilInvocation(server(), (await neighbour.until("started")).traceId);
    expect(taken).toMatchObject({ state: "CRASHED", code: "crashed", delivered: true });
    expect(taken.reason).toContain(traceId);
    expectAnswer(await new PlannedRequest(server(), {}).answer, { status: 200 });
  });
});
