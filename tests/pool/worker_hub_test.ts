import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { silentLog } from "../../runtime/base/log.ts";
import type { Connection } from "../../runtime/platform/platform.ts";
import { WorkerHub, type WorkerLink } from "../../runtime/pool/worker_hub.ts";
import { frameKinds } from "../../runtime/protocol/messages.ts";
import { createTempFolder } from "../temp_folder.ts";
import { boot, createWorkers, FakeChild, type FakeWorkers } from "./fake_workers.ts";

/** A connection of somebody who may or may not be a worker. */
function dial(workers: FakeWorkers): FakeChild {
  const stdin = JSON.stringify({ ...boot, socket: "", token: "", markFile: "" });
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

  test("lives in the runtime directory, and refuses one whose path is too long", async () => {
    await using workers = await createWorkers();
    await using folder = await createTempFolder({ [`${"d".repeat(80)}/file`]: "" });
    const open = (dir: string) =>
      WorkerHub.open({ ...workers.platform, env: { XDG_RUNTIME_DIR: dir } }, silentLog);
    const hub = await open(folder.path);
    expect(hub.socketPath).toStartWith(folder.path);
    await hub.close();
    const tooDeep = `${folder.path}/${"d".repeat(80)}`;
    const refused = await open(tooDeep).catch((error) => error);
    expect(refused).toMatchObject({ code: "listen_failed" });
    expect(refused.message).toContain("set TMPDIR to a shorter folder");
    expect(readdirSync(tooDeep)).toEqual(["file"]);
  });
});
