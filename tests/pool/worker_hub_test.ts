import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type Log, type LogFields, silentLog } from "../../runtime/base/log.ts";
import type { Connection } from "../../runtime/platform/platform.ts";
import type { WorkerLink } from "../../runtime/pool/worker_hub.ts";
import { frameKinds } from "../../runtime/protocol/messages.ts";
import { writeWorkerMessage } from "../../runtime/protocol/worker_codec.ts";
import { ManualClock } from "../manual_clock.ts";
import { bytesOf } from "../protocol/support.ts";
import { boot, createWorkers, FakeChild, type FakeWorkers, reply } from "./fake_workers.ts";

/** A connection of somebody who may or may not be a worker. */
function dial(workers: FakeWorkers): FakeChild {
  const own = { gatewayPid: 1, socket: "", token: "", markFile: "", processConcurrency: 1 };
  const stdin = JSON.stringify({ ...boot, ...own });
  workers.platform.spawn({ command: [], cwd: "", env: {}, stdin, onOutput() {} });
  return workers.last;
}

/** A link that notes what happens on it. */
function createLink() {
  const events: string[] = [];
  const connections: Connection[] = [];
  const link: WorkerLink = {
    onConnect(connection) {
      connections.push(connection);
      events.push("connect");
    },
    onFrame: ({ kind }) => void events.push(`frame ${kind}`),
    onClose: (error) => void events.push(`close ${error ? "bad" : "good"}`),
  };
  return { link, events, connections };
}

describe("WorkerHub", () => {
  test("gives a connection to the owner of the token it shows", async () => {
    await using workers = await createWorkers();
    const [one, other] = [createLink(), createLink()];
    const token = workers.hub.expect(one.link);
    workers.hub.expect(other.link);
    const child = dial(workers);
    child.connect({ token, sync: false });
    child.send({ kind: "loading", task: "hello" });
    child.disconnect();
    expect(one.events).toEqual(["connect", `frame ${frameKinds.loading}`, "close good"]);
    expect(other.events).toEqual([]);
  });

  test("takes a token once", async () => {
    await using workers = await createWorkers();
    const { link, events } = createLink();
    const token = workers.hub.expect(link);
    dial(workers).connect({ token, sync: false });
    const second = dial(workers);
    second.connect({ token, sync: false });
    second.send({ kind: "loading", task: "hello" });
    second.disconnect();
    expect([second.isHungUp, events]).toEqual([true, ["connect"]]);
  });

  test("refuses tokens it does not know, or no longer, and what is no hello", async () => {
    await using workers = await createWorkers();
    const { link, events } = createLink();
    const token = workers.hub.expect(link);
    workers.hub.forget(token);
    for (const wrong of [token, "", "guess", "__proto__"]) {
      const child = dial(workers);
      child.connect({ token: wrong });
      expect(child.isHungUp).toBe(true);
    }
    const mute = dial(workers);
    const valid = workers.hub.expect(link);
    mute.connect({ token: "guess" });
    mute.send({ kind: "hello", token: valid });
    expect(events).toEqual([]);
  });

  test("makes tokens that cannot be guessed", async () => {
    await using workers = await createWorkers();
    const tokens = Array.from({ length: 100 }, () => workers.hub.expect(createLink().link));
    expect(new Set(tokens).size).toBe(100);
    expect(Math.min(...tokens.map((token) => token.length))).toBeGreaterThan(40);
  });

  test("closes a connection over a bad message, and tells its owner once", async () => {
    await using workers = await createWorkers();
    const { link, events } = createLink();
    const child = dial(workers);
    child.connect({ token: workers.hub.expect(link), sync: false });
    child.sendBytes(Buffer.alloc(20));
    child.send({ kind: "loading", task: "hello" });
    child.disconnect();
    expect([child.isHungUp, events]).toEqual([true, ["connect", "close bad"]]);
  });

  test("keeps its socket in a private folder, which it removes", async () => {
    const workers = await createWorkers();
    const folder = dirname(workers.hub.socketPath);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await workers.hub.close();
    await workers.hub.close();
    expect(existsSync(folder)).toBe(false);
  });

  test("refuses who says no hello in time, and waits for whoever has", async () => {
    const clock = new ManualClock();
    await using workers = await createWorkers({ clock });
    const { link, events } = createLink();
    const mute = dial(workers);
    mute.dial();
    mute.sendBytes(Buffer.alloc(3));
    const worker = dial(workers);
    worker.connect({ token: workers.hub.expect(link), sync: false });
    clock.advance(4_999);
    expect(mute.isHungUp).toBe(false);
    clock.advance(1);
    expect([mute.isHungUp, worker.isHungUp, events]).toEqual([true, false, ["connect"]]);
    mute.send({ kind: "hello", token: workers.hub.expect(link) });
    mute.disconnect();
    expect(events).toEqual(["connect"]);
  });

  test("refuses a long first frame before it has arrived, and takes a long second one", async () => {
    await using workers = await createWorkers();
    const { link, events } = createLink();
    const long = dial(workers);
    long.dial();
    for (const byte of [0, 0, 0, 1]) long.sendBytes(Buffer.of(byte));
    expect(long.isHungUp).toBe(true);
    const worker = dial(workers);
    worker.dial();
    const token = workers.hub.expect(link);
    const frames = bytesOf((writer) => {
      writeWorkerMessage(writer, { kind: "hello", token });
      writeWorkerMessage(writer, {
        kind: "replied",
        id: 1,
        reply: { ...reply, body: "x".repeat(9_000) },
      });
    });
    // In pieces: neither frame comes whole.
    for (let at = 0; at < frames.length; at += 3) worker.sendBytes(frames.slice(at, at + 3));
    expect([worker.isHungUp, events]).toEqual([false, ["connect", `frame ${frameKinds.replied}`]]);
  });

  test("blames itself for a defect of its own, and ends the worker all the same", async () => {
    const logged: (readonly [string, LogFields | undefined])[] = [];
    const log: Log = {
      ...silentLog,
      error: (event, fields) => void logged.push([event, fields]),
    };
    await using workers = await createWorkers({ log });
    const faults: (string | undefined)[] = [];
    const link: WorkerLink = {
      onConnect() {},
      onFrame() {
        throw new TypeError("x is not a function");
      },
      onClose: (fault) => void faults.push(fault),
    };
    const child = dial(workers);
    child.connect({ token: workers.hub.expect(link), sync: false });
    child.send({ kind: "loading", task: "hello" });
    child.disconnect();
    expect(child.isHungUp).toBe(true);
    expect(faults).toEqual(["webtaskd failed over what it sent, as the log tells"]);
    expect(logged).toMatchObject([["gateway.failed", { reason: "x is not a function" }]]);
  });
});
