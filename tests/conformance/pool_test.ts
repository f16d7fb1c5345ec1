import { expect, test } from "bun:test";
import { join } from "node:path";
import { delay, settlesWithin } from "../../runtime/base/deadline.ts";
import { conformance, expectAnswer } from "./cases.ts";
import { type Note, planHost, PlannedRequest, readNotes } from "./planned_request.ts";
import { untilInvocation } from "./records.ts";
import type { TestServer } from "./server.ts";
import { until } from "./wait.ts";

const apps = ["initech"];
const otherHost = "globex-testing.localhost";
/** Upkeep looks once a second. */
const severalLooksMs = 2_500;

function hello(server: TestServer) {
  return server.fetch("/hello", { host: planHost });
}

async function pidOfHello(server: TestServer): Promise<number> {
  const answer = await hello(server);
  expectAnswer(answer, { status: 200 });
  return JSON.parse(answer.text).pid;
}

/** The most that ran at once, among all or in one process. */
function mostAtOnce(notes: readonly Note[], isCounted: (note: Note) => boolean): number {
  let running = 0;
  let most = 0;
  for (const note of notes.filter(isCounted)) {
    if (note.event === "started") running += 1;
    if (note.event === "ended") running -= 1;
    most = Math.max(most, running);
  }
  return most;
}

/** Sends requests that share a file of notes; returns what they noted. */
async function sendMany(
  server: TestServer,
  { count, first, task = "planned" }: {
    readonly count: number;
    readonly first: string;
    readonly task?: "planned" | "single";
  },
): Promise<Note[]> {
  const notes = join(server.folder, `many-${crypto.randomUUID()}`);
  const answers = Array.from(
    { length: count },
    () => new PlannedRequest(server, { first }, { notes, task }).answer,
  );
  for (const answer of answers) expectAnswer(await answer, { status: 200 });
  return readNotes(notes);
}

conformance("max and processConcurrency", {
  apps,
  flags: ["--max=2", "--process-concurrency=2"],
}, (server) => {
  test("bound the processes and what each runs at once", async () => {
    const notes = await sendMany(server(), { count: 16, first: "wait 300" });
    const pids = new Set(notes.map(({ pid }) => pid));
    expect(pids.size).toBe(2);
    for (const pid of pids) {
      expect(mostAtOnce(notes, (note) => note.pid === pid)).toBeLessThanOrEqual(2);
    }
    expect(mostAtOnce(notes, () => true)).toBe(4);
    expect(server().workerPids.length).toBeLessThanOrEqual(2);
  });

  test("are not reached by what one process can do", async () => {
    const first = await pidOfHello(server());
    for (let count = 0; count < 20; count++) {
      expect(server().workerPids).toContain(await pidOfHello(server()));
    }
    expect(server().workerPids).toContain(first);
    expect(server().workerPids.length).toBeLessThanOrEqual(2);
  });
});

conformance("max with a slow start", {
  apps,
  flags: ["--max=2", "--process-concurrency=1"],
}, (server) => {
  test("is not exceeded", async () => {
    const held = new PlannedRequest(server(), { first: "until done" });
    const { pid } = await held.until("started");
    const waiting = hello(server());
    const slow = await until(
      "a second worker",
      () => server().workerPids.find((other) => other !== pid),
    );
    process.kill(slow, "SIGSTOP");
    try {
      const more = until("a third", () => server().workerPids.length > 2, severalLooksMs);
      expect(await more.then(() => server().workerPids, () => [])).toEqual([]);
    } finally {
      process.kill(slow, "SIGCONT");
      held.mark("done");
    }
    expectAnswer(await held.answer, { status: 200 });
    expectAnswer(await waiting, { status: 200 });
  });
});

conformance("an idle deployment", { apps, flags: ["--idle=300ms"] }, (server) => {
  test("has no process, and the next request starts one", async () => {
    const pid = await pidOfHello(server());
    await until("the end of all workers", () => server().workerPids.length === 0);
    expect(await pidOfHello(server())).not.toBe(pid);
    const held = new PlannedRequest(server(), { first: `wait ${severalLooksMs}` });
    expectAnswer(await held.answer, { status: 200 });
    await until("the end of all workers", () => server().workerPids.length === 0);
  });
});

conformance("min", {
  apps,
  flags: ["--min=2", "--max=4", "--idle=300ms", "--process-concurrency=1"],
}, (server) => {
  test("processes are there before any request, and stay when others go", async () => {
    await until("two workers", () => server().workerPids.length === 2);
    const held = Array.from(
      { length: 4 },
      () => new PlannedRequest(server(), { first: "until done" }),
    );
    const pids = await Promise.all(held.map((request) => request.until("started")))
      .finally(() => held.forEach((request) => request.mark("done")));
    expect(new Set(pids.map(({ pid }) => pid)).size).toBe(4);
    for (const { answer } of held) expectAnswer(await answer, { status: 200 });
    await until("two workers", () => server().workerPids.length === 2);
    const fewer = until("fewer", () => server().workerPids.length < 2, severalLooksMs);
    expect(await settlesWithin(fewer.catch(() => delay(60_000)), severalLooksMs + 500)).toBe(false);
  });

  test("is made up for when one dies", async () => {
    const [victim = 0] = server().workerPids;
    process.kill(victim, "SIGKILL");
    await until("a successor", () => {
      const pids = server().workerPids;
      return pids.length === 2 && !pids.includes(victim);
    });
  });
});

conformance("maxInvocations", { apps, flags: ["--max-invocations=5"] }, (server) => {
  test("replaces a process, and no request fails", async () => {
    const held = new PlannedRequest(server(), { first: "until done" });
    const { pid } = await held.until("started");
    await until("another process", async () => await pidOfHello(server()) !== pid);
    held.mark("done");
    expectAnswer(await held.answer, { status: 200, jsonWith: { pid } });
    await until("the end of the old one", () => !server().workerPids.includes(pid));
  });
});

conformance("maxAge", { apps, flags: ["--max-age=1s"] }, (server) => {
  test("replaces a process, and no request fails", async () => {
    const pid = await pidOfHello(server());
    await until("another process", async () => await pidOfHello(server()) !== pid);
    await until("the end of the old one", () => !server().workerPids.includes(pid));
  });
});

conformance("a task's own concurrency", { apps, flags: ["--max=1"] }, (server) => {
  test("holds in each process, and others run meanwhile", async () => {
    const first = new PlannedRequest(server(), { first: "until done" }, { task: "single" });
    await first.until("started");
    const second = new PlannedRequest(server(), {}, { task: "single" });
    for (let count = 0; count < 5; count++) expectAnswer(await hello(server()), { status: 200 });
    expect(second.notes).toEqual([]);
    first.mark("done");
    expectAnswer(await first.answer, { status: 200 });
    expectAnswer(await second.answer, { status: 200 });
    const notes = await sendMany(server(), { count: 10, first: "wait 20", task: "single" });
    expect(mostAtOnce(notes, () => true)).toBe(1);
  });
});

conformance("a flooded deployment", {
  apps: ["initech", "globex"],
  flags: ["--max=1", "--process-concurrency=2", "--max-queue=20"],
}, (server) => {
  test("fills its own queue, and another one's requests are answered", async () => {
    const held = Array.from(
      { length: 2 },
      () => new PlannedRequest(server(), { first: "until done" }),
    );
    for (const request of held) await request.until("started");
    const flood = Array.from({ length: 60 }, () => hello(server()));
    const refused = await Promise.any(
      flood.map(async (answer) => {
        const { status } = await answer;
        return status === 503 ? answer : Promise.reject(new Error(`Cannot use ${status}`));
      }),
    );
    expectAnswer(refused, { status: 503, error: "before", headers: { "retry-after": /^\d+$/ } });
    for (let count = 0; count < 20; count++) {
      expectAnswer(await server().fetch("/hello", { host: otherHost }), { status: 200 });
    }
    expect(held.flatMap(({ notes }) => notes).some(({ event }) => event === "ended")).toBe(false);
    for (const request of held) request.mark("done");
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBe(20);
    expect(statuses.filter((status) => status === 503).length).toBe(40);
    for (const { answer } of held) expectAnswer(await answer, { status: 200 });
  });
});

conformance("maxAttemptProcesses", {
  apps,
  flags: [
    ...["--timeout=500ms", "--deadline=20s", "--attempts=2", "--late=deliver", "--log=json"],
    ...["--max=1", "--max-attempt-processes=1"],
  ],
}, (server) => {
  test("has a further attempt wait until one is free", async () => {
    const requests = Array.from(
      { length: 2 },
      () => new PlannedRequest(server(), { first: "until end", second: "until done" }),
    );
    const firstOf = await Promise.race(
      requests.map((request) => request.until("started", 2).then(() => request)),
    );
    const other = requests.find((request) => request !== firstOf);
    const { traceId } = await firstOf.until("started", 1);
    await server().untilOutput(new RegExp(`invocation\\.overdue.*${traceId}`));
    expectAnswer(await hello(server()), { status: 200 });
    expect(other?.notes.some(({ attempt }) => attempt === 2)).toBe(false);
    firstOf.mark("done");
    expectAnswer(await firstOf.answer, { status: 200, jsonWith: { attempt: 2 } });
    await other?.until("started", 2);
    other?.mark("done");
    expectAnswer(await (other ?? firstOf).answer, { status: 200, jsonWith: { attempt: 2 } });
    for (const request of requests) {
      request.mark("end");
      const ended = await request.until("ended", 1);
      expect(await untilInvocation(server(), ended.traceId)).toMatchObject({ delivered: false });
    }
  });
});
