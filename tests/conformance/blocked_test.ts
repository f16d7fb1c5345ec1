import { expect, test } from "bun:test";
import { join } from "node:path";
import { delay } from "../../runtime/base/deadline.ts";
import { conformance, expectAnswer } from "./cases.ts";
import { type Note, planHost, PlannedRequest, readNotes } from "./planned_request.ts";
import { untilInvocation } from "./records.ts";
import type { TestServer } from "./server.ts";
import { until } from "./wait.ts";

const apps = ["initech"];
const patient = ["--max=4", "--log=json", "--drain=4s"];
const longTestMs = 90_000;

/** Many short requests that share one file of notes, so that it shows what ran how often. */
class CountedRequests {
  readonly #server: TestServer;
  readonly #notes: string;
  #sent = 0;

  constructor(server: TestServer) {
    this.#server = server;
    this.#notes = join(server.folder, `counted-${crypto.randomUUID()}`);
  }

  /** Sends some, waits for all, and returns the processes that ran them. */
  async send(count: number): Promise<Set<number>> {
    const answers = await Promise.all(Array.from({ length: count }, () => this.sendOne()));
    return new Set(answers);
  }

  /** Sends one and returns the process that ran it. */
  async sendOne(): Promise<number> {
    this.#sent += 1;
    const plan = { first: this.#sent % 2 === 0 ? "wait 5" : "" };
    const { answer } = new PlannedRequest(this.#server, plan, { notes: this.#notes });
    const { status, text, headers } = await answer;
    expect({ status, text }).toMatchObject({ status: 200 });
    expect(headers.get("x-request-id")).toBe(JSON.parse(text).requestId);
    return JSON.parse(text).pid;
  }

  /** Fails when one ran twice, or not at all. */
  expectEachRanOnce(): void {
    const started = readNotes(this.#notes).filter(({ event }) => event === "started");
    const requests = new Set(started.map(({ requestId }) => requestId));
    expect({ runs: started.length, requests: requests.size }).toEqual({
      ...{ runs: this.#sent, requests: this.#sent },
    });
  }
}

function pidOfHello(server: TestServer): Promise<number> {
  return server.fetch("/hello", { host: planHost }).then(({ text }) => JSON.parse(text).pid);
}

function hasEnded(request: PlannedRequest): boolean {
  return request.notes.some(({ event }) => event === "ended");
}

conformance("a blocked process", { apps, flags: patient }, (server) => {
  test("holds up nobody else, and goes on when it can", async () => {
    const blocked = new PlannedRequest(server(), { first: "blockUntil done" });
    const { pid } = await blocked.until("started");
    const counted = new CountedRequests(server());
    const pids = await counted.send(40);
    expect(hasEnded(blocked)).toBe(false);
    expect(pids).not.toContain(pid);
    blocked.mark("done");
    expectAnswer(await blocked.answer, { status: 200, jsonWith: { pid, attempt: 1 } });
    counted.expectEachRanOnce();
  });

  test("is used again once it turns", async () => {
    const blocked = new PlannedRequest(server(), { first: "blockUntil done" });
    const { pid } = await blocked.until("started");
    expect(await pidOfHello(server())).not.toBe(pid);
    blocked.mark("done");
    expectAnswer(await blocked.answer, { status: 200 });
    await until("a request in the same process", async () => {
      const pids = await new CountedRequests(server()).send(8);
      return pids.has(pid);
    });
  });

  test("loses and doubles nothing, whatever the pause", async () => {
    const counted = new CountedRequests(server());
    const pausesMs = [50, 150, 190, 210, 250, 290, 310, 350, 400, 600, 850, 1_000];
    const randomMs = Array.from({ length: 3 }, () => Math.round(50 * 100 ** Math.random()));
    let isOver = false;
    const load = Promise.all(Array.from({ length: 6 }, async () => {
      while (!isOver) {
        await counted.send(3);
        await delay(Math.random() * 20);
      }
    }));
    for (const pauseMs of [...pausesMs, ...randomMs]) {
      const { answer } = new PlannedRequest(server(), { first: `block ${pauseMs}` });
      expectAnswer(await answer, { status: 200 });
    }
    isOver = true;
    await load;
    counted.expectEachRanOnce();
  }, longTestMs);

  test("loses and doubles nothing when several block at once", async () => {
    const counted = new CountedRequests(server());
    const blockers = Array.from({ length: 6 }, () => {
      const first = `block ${Math.round(50 * 60 ** Math.random())}`;
      return new PlannedRequest(server(), { first }).answer;
    });
    for (let round = 0; round < 10; round++) {
      void counted.send(5);
      await delay(Math.random() * 100);
    }
    await counted.send(20);
    for (const answer of blockers) expectAnswer(await answer, { status: 200 });
    await until("the end of all", () => countsAsRun(counted));
  }, longTestMs);

  test("that is stopped by a signal counts as blocked, and goes on afterwards", async () => {
    const held = new PlannedRequest(server(), { first: "until done" });
    const { pid } = await held.until("started");
    process.kill(pid, "SIGSTOP");
    const counted = new CountedRequests(server());
    try {
      expect(await counted.send(40)).not.toContain(pid);
      expect(hasEnded(held)).toBe(false);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    held.mark("done");
    expectAnswer(await held.answer, { status: 200, jsonWith: { pid } });
    counted.expectEachRanOnce();
  });
});

function countsAsRun(counted: CountedRequests): boolean {
  try {
    counted.expectEachRanOnce();
    return true;
  } catch {
    // Some are still under way.
    return false;
  }
}

conformance("a process that dies", { apps, flags: [...patient, "--max=1"] }, (server) => {
  for (const end of ["is killed", "exits"] as const) {
    test(`and ${end} while it is blocked passes on what it had not started`, async () => {
      const plan = end === "exits" ? "block 250,exit" : "blockUntil never";
      const blocked = new PlannedRequest(server(), { first: plan });
      const { pid } = await blocked.until("started");
      const counted = new CountedRequests(server());
      const moved = counted.send(10);
      await delay(100);
      if (end === "is killed") process.kill(pid, "SIGKILL");
      expect(await moved).not.toContain(pid);
      expectAnswer(await blocked.answer, { status: 500, error: "after" });
      const { traceId } = await blocked.until("started");
      expect(await untilInvocation(server(), traceId)).toMatchObject({ state: "CRASHED" });
      counted.expectEachRanOnce();
    });
  }
});

conformance("a blocked attempt", {
  apps,
  flags: [
    ...["--timeout=600ms", "--deadline=20s", "--max-duration=4s", "--log=json"],
    ...["--max=1", "--drain=4s"],
  ],
}, (server) => {
  test("does not keep the next from its start", async () => {
    const request = new PlannedRequest(server(), { first: "blockUntil done" });
    const answer = await request.timed();
    expectAnswer(answer, { status: 200, jsonWith: { attempt: 2 } });
    expect(request.notes.some((note) => note.attempt === 1 && note.event === "ended")).toBe(false);
    request.mark("done");
    const { traceId } = await request.until("ended", 1);
    expect(await untilInvocation(server(), traceId)).toMatchObject({
      ...{ state: "COMPLETED", delivered: false },
    });
  });

  test("does not keep the 504 from coming, and is killed at maxDuration", async () => {
    const request = new PlannedRequest(server(), { each: "blockUntil never" });
    const answer = await request.answer;
    const started: Note[] = [];
    for (const attempt of [1, 2, 3]) started.push(await request.until("started", attempt));
    expectAnswer(answer, { status: 504, error: "after" });
    expect(answer.headers.get("x-trace-id")).toBe(started[2]?.traceId ?? "none");
    for (const { traceId, attempt } of started) {
      const record = await untilInvocation(server(), traceId);
      expect(record).toMatchObject({ attempt, state: "KILLED", code: "max_duration" });
      expect(record.durationMs).toBeGreaterThan(3_990);
    }
    await until("the end of their processes", () => {
      const left = server().workerPids;
      return started.every(({ pid }) => !left.includes(pid));
    });
    expectAnswer(await server().fetch("/hello", { host: planHost }), { status: 200 });
  });
});
