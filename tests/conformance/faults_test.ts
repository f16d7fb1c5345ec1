import { describe, expect, test } from "bun:test";
import { chmodSync, constants, copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { conformance, expectAnswer, type Expectation } from "./cases.ts";
import { planHost, PlannedRequest } from "./planned_request.ts";
import { statusesOf } from "./raw.ts";
import { untilInvocation } from "./records.ts";
import { startServer, type TestServer } from "./server.ts";
import { type Target, targets } from "./targets.ts";
import { until, untilExists } from "./wait.ts";

const apps = ["initech"];
const umbrellaHost = "umbrella-testing.localhost";
const failed: Expectation = { status: 500, error: "after" };
/** A fault is answered within a second; this machine may be busy with others. */
const promptMs = 5_000;
const longTestMs = 60_000;

function hello(server: TestServer) {
  return server.fetch("/hello", { host: planHost });
}

conformance("a faulty process", {
  apps,
  flags: ["--max=2", "--process-concurrency=1", "--log=json", "--drain=2s"],
}, (server) => {
  /** Has a request run in another process than the one that comes to harm. */
  async function withBystander(harm: () => Promise<void>): Promise<void> {
    const bystander = new PlannedRequest(server(), { first: "until done" });
    const { pid } = await bystander.until("started");
    await harm().finally(() => bystander.mark("done"));
    expectAnswer(await bystander.answer, { status: 200, jsonWith: { pid } });
    expectAnswer(await hello(server()), { status: 200 });
  }

  for (const signal of ["SIGKILL", "SIGTERM", "SIGABRT"] as const) {
    test(`that is sent ${signal} fails its own request at once, and no other`, async () => {
      await withBystander(async () => {
        const victim = new PlannedRequest(server(), { first: "until never" });
        const { pid, traceId } = await victim.until("started");
        const killedMs = performance.now();
        process.kill(pid, signal);
        expectAnswer(await victim.answer, failed);
        expect(performance.now() - killedMs).toBeLessThan(promptMs);
        expect(await untilInvocation(server(), traceId)).toMatchObject({
          ...{ state: "CRASHED", code: "crashed", delivered: true },
        });
      });
    });
  }

  const ways = [
    "sends garbage",
    "closes its socket",
    "sends frames without end",
    "asks without end",
  ];
  for (const how of ways) {
    test(`that ${how} fails its own request, and no other`, async () => {
      await withBystander(async () => {
        const sentMs = performance.now();
        const query = new URLSearchParams({ how });
        const answer = await server().fetch(`/rogue?${query}`, { host: planHost });
        if (server().target.name === "deno") {
          return expectAnswer(answer, { status: 200, text: "out of reach" });
        }
        expectAnswer(answer, failed);
        expect(performance.now() - sentMs).toBeLessThan(promptMs);
        const record = await untilInvocation(server(), answer.headers.get("x-trace-id"));
        expect(record).toMatchObject({ state: "CRASHED", delivered: true });
      });
    });
  }

  test("is not needed to knock at the gateway's socket, and gets no answer there", async () => {
    await withBystander(async () => {
      const query = new URLSearchParams({ how: "knocks without a token" });
      const answer = await server().fetch(`/rogue?${query}`, { host: planHost });
      expectAnswer(answer, { status: 200, json: ["closed", "closed", "closed"] });
    });
  });

  test("that dies again and again is replaced again and again", async () => {
    for (let count = 0; count < 8; count++) {
      const victim = new PlannedRequest(server(), { first: "exit" });
      expectAnswer(await victim.answer, failed);
    }
    expectAnswer(await hello(server()), { status: 200 });
  });
});

conformance("a task whose top level", { apps: ["umbrella"], flags: ["--log=json"] }, (server) => {
  const isAnswered = { blocks: false, hangs: false };
  const answers = new Map<string, Promise<void>>();

  test("takes its process down holds up no request to the others", async () => {
    for (const task of ["blocks", "hangs"] as const) {
      const answer = server().fetch(`/${task}`, { host: umbrellaHost }).then((answer) => {
        isAnswered[task] = true;
        expectAnswer(answer, failed);
      });
      answer.catch(() => {});
      answers.set(task, answer);
    }
    expectAnswer(await server().fetch("/hello", { host: umbrellaHost }), { status: 200 });
    expect(isAnswered).toEqual({ blocks: false, hangs: false });
  });

  for (const task of ["blocks", "hangs"]) {
    test(`${task} gives 500`, async () => {
      await answers.get(task);
      const again = await server().fetch(`/${task}`, { host: umbrellaHost });
      expectAnswer(again, failed);
    }, longTestMs);
  }

  test("exits gives 500", async () => {
    const answer = await server().fetch("/exits", { host: umbrellaHost });
    expectAnswer(answer, failed);
    const record = await untilInvocation(server(), answer.headers.get("x-trace-id"));
    expect(record).toMatchObject({ state: "FAILED", code: "load_failed" });
  }, longTestMs);

  test("is known costs nobody a process any more", async () => {
    const file = join(server().folder, "held");
    const path = `/waiting?file=${encodeURIComponent(file)}`;
    const held = server().fetch(path, { host: umbrellaHost });
    await untilExists(`${file}.started`);
    for (const task of ["exits", "blocks", "hangs"]) {
      expectAnswer(await server().fetch(`/${task}`, { host: umbrellaHost }), failed);
    }
    await Bun.write(file, "");
    expectAnswer(await held, { status: 200, text: "waited" });
  }, longTestMs);
});

conformance("an XDG_RUNTIME_DIR that is no absolute path", {
  apps,
  env: { XDG_RUNTIME_DIR: "" },
}, (server) => {
  test("counts as none", async () => {
    expectAnswer(await hello(server()), { status: 200 });
  });
});

/** A target whose program is a copy, so that a test may take the right to start it away. */
class CopiedTarget implements Disposable {
  readonly target: Target;
  readonly #folder = mkdtempSync(join(tmpdir(), "wt-program-"));
  readonly #program: string;

  constructor({ name, command: [program = "", ...rest] }: Target) {
    this.#program = join(this.#folder, basename(program));
    copyFileSync(program, this.#program, constants.COPYFILE_FICLONE);
    this.setStartable(true);
    this.target = { name, command: [this.#program, ...rest] };
  }

  setStartable(isStartable: boolean): void {
    chmodSync(this.#program, isStartable ? 0o755 : 0o644);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

describe.each([...targets])("$name: a process that cannot be started", (target) => {
  test("gives 503 at once, leaves what runs alone, and is started when it can be", async () => {
    using copied = new CopiedTarget(target);
    const server = await startServer(copied.target, {
      ...{ apps, flags: ["--max=2", "--process-concurrency=1", "--drain=2s"] },
    });
    try {
      const held = new PlannedRequest(server, { first: "until done" });
      const { pid } = await held.until("started");
      copied.setStartable(false);
      const others = server.workerPids.filter((other) => other !== pid);
      for (const other of others) process.kill(other, "SIGKILL");
      await until("their end", () => !server.workerPids.some((left) => others.includes(left)));
      const sentMs = performance.now();
      expectAnswer(await hello(server), { status: 503, error: "before" });
      expect(performance.now() - sentMs).toBeLessThan(promptMs);
      copied.setStartable(true);
      await until("a new process", async () => (await hello(server)).status === 200);
      held.mark("done");
      expectAnswer(await held.answer, { status: 200, jsonWith: { pid } });
    } finally {
      await server.stop();
    }
  }, longTestMs);

  test("for want of file handles gives 503, and is started when there are some", async () => {
    const server = await startServer(target, { apps, flags: ["--drain=2s"] });
    try {
      expectAnswer(await hello(server), { status: 200 });
      const connection = await server.connect();
      const request = `GET /hello HTTP/1.1\r\nHost: ${planHost}\r\n\r\n`;
      connection.send(request);
      await connection.untilAnswered(1);
      const [pid = 0] = server.workerPids;
      limitHandles(server.pid, "none to spare");
      process.kill(pid, "SIGKILL");
      await until("the end of the worker", () => !server.workerPids.includes(pid));
      connection.send(request);
      expect(statusesOf(await connection.untilAnswered(2))).toEqual([200, 503]);
      limitHandles(server.pid, "enough");
      await until("a new process", async () => (await hello(server)).status === 200);
      connection.leave();
    } finally {
      await server.stop();
    }
  }, longTestMs);
});

function limitHandles(pid: number, kind: "none to spare" | "enough"): void {
  const open = readdirSync(`/proc/${pid}/fd`).map(Number);
  const limit = kind === "enough" ? 4096 : firstGap(open);
  const { exitCode } = Bun.spawnSync(["prlimit", `--pid=${pid}`, `--nofile=${limit}:`]);
  expect(exitCode).toBe(0);
}

function firstGap(open: readonly number[]): number {
  const taken = new Set(open);
  let gap = 0;
  while (taken.has(gap)) gap += 1;
  return gap;
}
