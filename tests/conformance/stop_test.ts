import { describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expectAnswer } from "./cases.ts";
import { ChangingServer, globexHost, versionTask } from "./changing_server.ts";
import { planHost, PlannedRequest } from "./planned_request.ts";
import { isRunning } from "./processes.ts";
import { type RawConnection, statusesOf } from "./raw.ts";
import { startServer, type TestServer } from "./server.ts";
import { targets } from "./targets.ts";
import { until } from "./wait.ts";

const reloads = 10;
const clients = 6;
const orphansLeaveMs = 2_000;
const longTestMs = 60_000;

describe.each([...targets])("$name: reload and stop", (target) => {
  test("ten reloads under load fail no request, and the last code answers", async () => {
    await using app = await ChangingServer.start(target);
    await app.untilVersion("version 1");
    let isOver = false;
    let answered = 0;
    const load = Promise.all(Array.from({ length: clients }, async (_, index) => {
      while (!isOver) {
        const { status, text } = await app.fetch(index % 2 === 0 ? "/hello" : "/version");
        expect({ status, text }).toMatchObject({ status: 200 });
        answered += 1;
      }
    }));
    const held = await app.hold("held");
    for (let version = 2; version <= reloads + 1; version++) {
      app.write("version/index.ts", versionTask(`version ${version}`));
      app.server.signal("SIGHUP");
      await Promise.race([app.untilVersion(`version ${version}`), load]);
    }
    isOver = true;
    await load;
    expect(answered).toBeGreaterThan(reloads * clients);
    expectAnswer(await app.fetch("/version"), { status: 200, text: `version ${reloads + 1}` });
    held.release();
    expectAnswer(await held.answer, { status: 200, text: "waited" });
    await until("the end of the old processes", () => app.server.workerPids.length <= 2);
  }, longTestMs);

  test("SIGTERM answers what runs and what waits, and says that it closes", async () => {
    const flags = ["--max=1", "--process-concurrency=1"];
    await using app = await ChangingServer.start(target, { flags });
    const held = await app.hold("held");
    const waiting: RawConnection[] = [];
    for (let count = 0; count < 3; count++) waiting.push(await sendHello(app.server));
    app.server.signal("SIGTERM");
    await until("the port closed", () => app.server.connect().then(leave, () => true));
    held.release();
    expectAnswer(await held.answer, { status: 200, text: "waited" });
    for (const connection of waiting) {
      const received = await connection.untilClosed();
      expect(statusesOf(received)).toEqual([200]);
      expect(received).toMatch(/^connection: close\r$/im);
    }
    expect(await app.server.exited).toBe(0);
  });

  test("SIGTERM loses nothing on kept-alive connections", async () => {
    await using app = await ChangingServer.start(target);
    await app.untilVersion("version 1");
    const connections = Array.from({ length: clients }, () => sendUntilClosed(app.server));
    await until("load", () => app.server.workerPids.length > 0);
    app.server.signal("SIGTERM");
    for (const { sent, received } of await Promise.all(connections)) {
      expect(statusesOf(received)).toEqual(Array.from({ length: sent }, () => 200));
    }
    expect(await app.server.exited).toBe(0);
  });

  test("SIGTERM ends in order with a client that never sends the rest of a refused body", async () => {
    const server = await startServer(target, { apps: ["globex"], flags: ["--drain=1s"] });
    try {
      const connection = await server.connect();
      connection.send(`POST /none HTTP/1.1\r\nHost: ${globexHost}\r\nContent-Length: 9\r\n\r\nabc`);
      expect(statusesOf(await connection.untilAnswered(1))).toEqual([404]);
      server.signal("SIGTERM");
      await server.exited;
      expect(server.output).not.toMatch(/uncaught|^ +at /im);
      connection.leave();
    } finally {
      await server.stop();
    }
  });

  test("SIGKILL of the gateway leaves no worker, a blocked one included", async () => {
    const flags = ["--max=3", "--process-concurrency=1", "--drain=2s"];
    const server = await startServer(target, { apps: ["initech"], flags });
    try {
      const blocked = new PlannedRequest(server, { first: "blockUntil never" });
      const waiting = new PlannedRequest(server, { first: "until never" });
      const busy = await Promise.all([blocked.until("started"), waiting.until("started")]);
      expectAnswer(await server.fetch("/hello", { host: planHost }), { status: 200 });
      const pids = server.workerPids;
      for (const { pid } of busy) expect(pids).toContain(pid);
      expect(pids.length).toBeGreaterThan(2);
      server.signal("SIGKILL");
      await until("the end of all workers", () => !pids.some(isRunning), orphansLeaveMs);
      for (const { answer } of [blocked, waiting]) {
        expect(await answer.then(({ status }) => status, () => "closed")).toBe("closed");
      }
    } finally {
      await server.stop();
    }
  });

  test("SIGKILL of the gateway leaves no worker that was just starting", async () => {
    for (let count = 0; count < 3; count++) {
      const server = await startServer(target, { apps: ["initech"], flags: ["--drain=2s"] });
      try {
        expectAnswer(await server.fetch("/hello", { host: planHost }), { status: 200 });
        const former = server.workerPids;
        for (const pid of former) process.kill(pid, "SIGKILL");
        await until("their end", () => !server.workerPids.some((pid) => former.includes(pid)));
        const answer = server.fetch("/hello", { host: planHost }).catch(() => {});
        const pid = await until("a new worker", () => server.workerPids[0]);
        server.signal("SIGKILL");
        await until("the end of the worker", () => !isRunning(pid), orphansLeaveMs);
        await answer;
      } finally {
        await server.stop();
      }
    }
  }, longTestMs);

  test("a worker shares no socket with its gateway", async () => {
    const server = await startServer(target, { apps: ["initech"] });
    try {
      expectAnswer(await server.fetch("/hello", { host: planHost }), { status: 200 });
      const [pid = 0] = server.workerPids;
      const ofGateway = socketsOf(server.pid);
      expect(ofGateway.length).toBeGreaterThan(0);
      expect(socketsOf(pid).filter((socket) => ofGateway.includes(socket))).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});

async function sendHello(server: TestServer): Promise<RawConnection> {
  const connection = await server.connect();
  connection.send(helloBytes);
  return connection;
}

const helloBytes = `GET /hello HTTP/1.1\r\nHost: ${globexHost}\r\n\r\n`;

/** Sends one request after the other until an answer says that the connection will close. */
async function sendUntilClosed(server: TestServer) {
  const connection = await sendHello(server);
  let sent = 1;
  let received = await connection.untilAnswered(sent);
  while (!/^connection: close\r$/im.test(received)) {
    if (connection.isClosed) break;
    sent += 1;
    connection.send(helloBytes);
    received = await connection.untilAnswered(sent);
  }
  connection.leave();
  return { sent, received };
}

function leave(connection: RawConnection): false {
  connection.leave();
  return false;
}

/** The kernel's names of the sockets that a process has open. */
function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((fd) => linkOf(join(folder, fd)))
    .filter((name) => name.startsWith("socket:"));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // It was closed between listing and reading.
    return "";
  }
}
