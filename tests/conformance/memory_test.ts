import { expect, test } from "bun:test";
import { conformance, expectAnswer } from "./cases.ts";
import { planHost, PlannedRequest } from "./planned_request.ts";
import { untilInvocation } from "./records.ts";
import { until } from "./wait.ts";

const apps = ["initech"];

conformance("maxRss", { apps, flags: ["--max-rss=400MiB", "--log=json"] }, (server) => {
  test("kills a process that uses more, and the next request works", async () => {
    const greedy = new PlannedRequest(server(), { first: "grow 600,until never" });
    const { traceId, pid } = await greedy.until("started");
    expectAnswer(await greedy.answer, { status: 500, error: "after" });
    const record = await untilInvocation(server(), traceId);
    expect(record).toMatchObject({ state: "KILLED", code: "memory", delivered: true, pid });
    expect(record.reason).toMatch(/\bmemory\b/);
    const next = await server().fetch("/hello", { host: planHost });
    expectAnswer(next, { status: 200 });
    expect(JSON.parse(next.text).pid).not.toBe(pid);
  });

  test("kills one that grows while it blocks", async () => {
    const greedy = new PlannedRequest(server(), { first: "grow 600,blockUntil never" });
    const { traceId } = await greedy.until("started");
    expectAnswer(await greedy.answer, { status: 500, error: "after" });
    expect(await untilInvocation(server(), traceId)).toMatchObject({
      ...{ state: "KILLED", code: "memory" },
    });
    expectAnswer(await server().fetch("/hello", { host: planHost }), { status: 200 });
  });
});

conformance("recycleRss", { apps, flags: ["--recycle-rss=300MiB", "--log=json"] }, (server) => {
  test("replaces a process that uses more, and no request fails", async () => {
    const held = new PlannedRequest(server(), { first: "grow 400,until done" });
    const { pid } = await held.until("started");
    await until("another process", async () => {
      const answer = await server().fetch("/hello", { host: planHost });
      expectAnswer(answer, { status: 200 });
      return JSON.parse(answer.text).pid !== pid;
    });
    await server().untilOutput(new RegExp(`worker\\.recycled.*${pid}`));
    held.mark("done");
    expectAnswer(await held.answer, { status: 200, jsonWith: { pid } });
    await until("the end of the old one", () => !server().workerPids.includes(pid));
  });
});
