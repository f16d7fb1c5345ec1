import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { frameKinds, type WorkerMessage } from "../../runtime/protocol/messages.ts";
import { writeWorkerMessage } from "../../runtime/protocol/worker_codec.ts";
import { bytesOf } from "../protocol/support.ts";
import { createWorkers, reply, shape, turn } from "./fake_workers.ts";
import { both, loadTimeoutMs, startProcess, startTimeoutMs } from "./started_process.ts";

describe("a WorkerProcess that never becomes ready", () => {
  test("and ends tells that it never was, and why", async () => {
    await using workers = await createWorkers();
    const { clock, child, told, process } = startProcess(workers);
    child.print("stderr", "no such file\n");
    await child.exit({ code: 1 });
    expect(told.ended).toEqual([{
      cause: "exited",
      wasKilledByOthers: false,
      wasReady: false,
      loading: [],
      failure: {
        code: "start_failed",
        message: "The process of the task ended with exit code 1",
        stack: "no such file\n",
        publicMessage: undefined,
      },
    }]);
    expect([process.state, clock.pending]).toEqual(["ended", 0]);
  });

  test("is killed at its time, and was not ready", async () => {
    await using workers = await createWorkers();
    const { clock, child, told } = startProcess(workers);
    clock.advance(startTimeoutMs - 1);
    expect(child.signals).toEqual([]);
    clock.advance(1);
    expect(child.signals).toEqual(["SIGTERM", "SIGKILL"]);
    await child.exit({ signal: "SIGKILL" });
    const message = "The process of the task ended with signal SIGKILL: " +
      "it was not there after 15000 ms";
    expect(told.ended).toMatchObject([
      { cause: "start-overdue", wasReady: false, failure: { code: "start_failed", message } },
    ]);
  });

  test("has its time to load anew with each sign of life, and is killed without one", async () => {
    await using workers = await createWorkers();
    const { clock, child, told } = startProcess(workers, { describe: both });
    clock.advance(startTimeoutMs - 1);
    child.connect();
    for (const task of ["hello", "slow"]) {
      clock.advance(loadTimeoutMs - 1);
      child.send({ kind: "loading", task });
    }
    clock.advance(loadTimeoutMs - 1);
    expect(child.signals).toEqual([]);
    clock.advance(1);
    expect(child.signals).toEqual(["SIGTERM", "SIGKILL"]);
    await child.exit({ signal: "SIGKILL" });
    expect(told.ended).toMatchObject([{
      cause: "load-overdue",
      wasReady: false,
      failure: {
        code: "start_failed",
        message: "The process of the task ended with signal SIGKILL: " +
          "its tasks were not loaded 12000 ms after the last had been",
      },
    }]);
    expect(clock.pending).toBe(0);
  });

  test("tells which tasks it was loading when it ended", async () => {
    await using workers = await createWorkers();
    const { child, told } = startProcess(workers, { describe: both });
    child.connect();
    child.load("hello");
    child.send({ kind: "loading", task: "slow" });
    await child.exit({ code: 1 });
    expect(told.ended).toMatchObject([{ wasReady: false, loading: ["slow"] }]);
  });

  test("cannot connect once it has ended", async () => {
    await using workers = await createWorkers();
    const { child, told, process } = startProcess(workers);
    const { token } = child.boot;
    await child.exit();
    child.connect({ token });
    expect([child.isHungUp, process.state, told.ready]).toEqual([true, "ended", 0]);
  });
});

describe("a WorkerProcess that loses its connection", () => {
  test("and ends a moment later counts as ended by itself", async () => {
    await using workers = await createWorkers();
    const { clock, child, run, endings } = startProcess(workers);
    child.connect();
    run("running");
    await turn();
    child.disconnect();
    clock.advance(10);
    expect(child.signals).toEqual([]);
    await child.exit({ code: 3 });
    expect(endings).toMatchObject({
      running: { failure: { message: "The process of the task ended with exit code 3" } },
    });
    expect(clock.pending).toBe(0);
  });

  test("and lives on is killed after a while", async () => {
    await using workers = await createWorkers();
    const { clock, child, run, endings, told } = startProcess(workers);
    child.connect();
    run("running");
    await turn();
    child.disconnect();
    clock.advance(200);
    expect([child.signals, told.unavailable]).toEqual([["SIGKILL"], 1]);
    await child.exit({ signal: "SIGKILL" });
    expect(endings).toMatchObject({
      running: {
        state: "CRASHED",
        failure: {
          message: "The process of the task ended with signal SIGKILL: it closed its connection",
        },
      },
    });
  });
});

const garbage: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["bytes that are no frame", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
  ["a frame of an unknown kind", bytesOf((writer) => writer.write(99, 1, { head: "" }))],
  ["a second hello", bytesOf((writer) => writer.write(frameKinds.hello, 0, { head: "token" }))],
  [
    "a reply to no call",
    bytesOf((writer) => writer.write(frameKinds.replied, 9, { head: "200\n" })),
  ],
  ["a pong without a ping", bytesOfMessages({ kind: "pong" })],
  ["a task that loads twice", bytesOfMessages(loading("hello"), loading("hello"))],
  ["a task of another release", bytesOfMessages(loading("other"))],
  ["a task of every object", bytesOfMessages(loading("toString"))],
  ["a task that was not loading", bytesOfMessages({ kind: "loaded", task: "hello", shape })],
  [
    "a failure that is none",
    bytesOf((writer) => writer.write(frameKinds.failed, 1, { head: "[]" })),
  ],
];

function loading(task: string): WorkerMessage {
  return { kind: "loading", task };
}

function bytesOfMessages(...messages: readonly WorkerMessage[]): Uint8Array {
  return bytesOf((writer) => {
    for (const message of messages) writeWorkerMessage(writer, message);
  });
}

describe("a WorkerProcess that asks and asks", () => {
  test.each<WorkerMessage>([{ kind: "sync" }, { kind: "ask", id: 1 }])(
    "is killed when it reads no answer: $kind",
    async (question) => {
      await using workers = await createWorkers();
      const { child, run } = startProcess(workers);
      child.connect();
      run("running");
      await turn();
      for (let count = 0; count < 5_000; count++) child.send(question);
      await turn();
      expect(child.signals).toEqual([]);
      child.unreadBytes = 1;
      for (let count = 1; count < 1_000; count++) child.send(question);
      expect(child.signals).toEqual([]);
      child.send(question);
      expect(child.signals).toEqual(["SIGTERM", "SIGKILL"]);
      await child.exit({ signal: "SIGKILL" });
    },
  );

  test("is not, as long as it gets on with its calls", async () => {
    await using workers = await createWorkers();
    const { child, run } = startProcess(workers);
    child.connect();
    child.unreadBytes = 1;
    for (let count = 0; count < 2_000; count++) {
      const id = run(`call ${count}`);
      child.send({ kind: "ask", id });
      child.reply(id);
    }
    expect(child.signals).toEqual([]);
  });
});

describe("a WorkerProcess that sends what no worker sends", () => {
  test.each(garbage)("is killed: %s", async (_what, bytes) => {
    await using workers = await createWorkers();
    const { clock, child, run, endings, told } = startProcess(workers);
    child.connect();
    run("running");
    await turn();
    child.sendBytes(bytes);
    expect([child.isHungUp, child.signals]).toEqual([true, ["SIGTERM", "SIGKILL"]]);
    // What follows is not looked at any more.
    child.reply(1);
    child.disconnect();
    await child.exit({ signal: "SIGKILL" });
    expect(endings["running"]).toMatchObject({ kind: "died", state: "CRASHED" });
    expect(JSON.stringify(endings)).toContain("it sent what no worker sends: Cannot ");
    expect(told.ended).toMatchObject([{ wasReady: true, cause: "bad-message" }]);
    expect(clock.pending).toBe(0);
  });

  test("while it starts was not ready", async () => {
    await using workers = await createWorkers();
    const { child, told } = startProcess(workers, { describe: both });
    child.connect();
    child.sendBytes(Buffer.alloc(100, 1));
    await child.exit({ signal: "SIGKILL" });
    expect(told.ended).toMatchObject([{ wasReady: false, failure: { code: "start_failed" } }]);
  });

  test("is told of the same call but once", async () => {
    await using workers = await createWorkers();
    const { child, run, endings } = startProcess(workers);
    child.connect();
    const id = run("running");
    child.reply(id);
    child.reply(id);
    expect(endings).toMatchObject({ running: { kind: "replied", reply } });
    expect(child.signals).toEqual(["SIGTERM", "SIGKILL"]);
  });

  test("after its end changes nothing", async () => {
    await using workers = await createWorkers();
    const { child, process, told } = startProcess(workers);
    child.connect();
    await child.exit();
    child.send({ kind: "described" });
    child.reply(1);
    await turn();
    expect([process.state, told.ended.length, child.signals]).toEqual(["ended", 1, []]);
  });
});

test("a process that the system does not start leaves no token and no file behind", async () => {
  await using workers = await createWorkers();
  const tokens: string[] = [];
  const { hub } = workers;
  const forget = hub.forget.bind(hub);
  hub.forget = (token) => {
    tokens.push(token);
    forget(token);
  };
  workers.isOutOfProcesses = true;
  expect(() => startProcess(workers)).toThrow("Cannot fork");
  expect(tokens).toHaveLength(1);
  expect(readdirSync(dirname(hub.socketPath))).toEqual([]);
});

test("a process whose file cannot be made leaves no token behind, and is not started", async () => {
  await using workers = await createWorkers();
  const { hub } = workers;
  const tokens: string[] = [];
  hub.forget = (token) => void tokens.push(token);
  hub.createMark = () => {
    throw new Error("Cannot open: too many open files");
  };
  expect(() => startProcess(workers)).toThrow("Cannot make the file of a process");
  expect([tokens.length, workers.children]).toEqual([1, []]);
});

test("a process that has ended leaves no file behind", async () => {
  await using workers = await createWorkers();
  const { child } = startProcess(workers);
  expect(existsSync(child.boot.markFile)).toBe(true);
  child.connect();
  await child.exit();
  expect(readdirSync(dirname(workers.hub.socketPath))).toEqual([]);
});
