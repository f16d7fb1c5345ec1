import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { expectAnswer } from "./cases.ts";
import { ChangingServer, globexHost as host, versionTask } from "./changing_server.ts";
import { targets } from "./targets.ts";
import { until } from "./wait.ts";

const waited = { status: 200, text: "waited" } as const;

describe.each([...targets])("$name: lifecycle", (target) => {
  test("prints the address, then the address of every web task", async () => {
    await using app = await ChangingServer.start(target);
    const { server } = app;
    // The last line: output arrives in pieces.
    await server.untilOutput(/\/version\b/);
    const lines = server.output.slice(server.output.indexOf("webtaskd listening on"));
    expect(lines).toStartWith(`webtaskd listening on ${app.url}\n`);
    for (const task of ["hello", "waiting", "version"]) {
      expect(lines).toMatch(new RegExp(`https?://\\S+/${task}\\b`));
    }
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s answers what runs and exits 0", async (signal) => {
    await using app = await ChangingServer.start(target);
    const held = await app.hold("held");
    app.server.signal(signal);
    await until("the port closed", () => app.server.connect().then(leave, () => true));
    held.release();
    expectAnswer(await held.answer, waited);
    expect(await app.server.exited).toBe(0);
  });

  test("signals right after the ready line are obeyed", async () => {
    await using reloading = await ChangingServer.start(target);
    reloading.server.signal("SIGHUP");
    await reloading.untilVersion("version 1");
    await using stopping = await ChangingServer.start(target);
    stopping.server.signal("SIGTERM");
    expect(await stopping.server.exited).toBe(0);
  });

  test("SIGTERM does not wait for kept-alive connections", async () => {
    await using app = await ChangingServer.start(target);
    const connection = await app.server.connect();
    connection.send(`GET /hello HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await connection.untilAnswered();
    const started = performance.now();
    app.server.signal("SIGTERM");
    expect(await app.server.exited).toBe(0);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test("a drain that is over cuts off what runs and exits 1", async () => {
    await using app = await ChangingServer.start(target, { flags: ["--drain=300ms"] });
    const held = await app.hold("held");
    app.server.signal("SIGTERM");
    const outcome = await held.answer.then(({ status }) => status, () => "closed");
    expect([503, 500, 504, "closed"]).toContain(outcome);
    expect(await app.server.exited).toBe(1);
  });

  test("a second signal forces", async () => {
    await using app = await ChangingServer.start(target);
    const held = await app.hold("held");
    const outcome = held.answer.catch(() => "closed");
    app.server.signal("SIGTERM");
    await until("the port closed", () => app.server.connect().then(leave, () => true));
    let code: number | undefined;
    void app.server.exited.then((exited) => code = exited);
    await until("the end", () => {
      app.server.signal("SIGTERM");
      return code !== undefined;
    });
    expect(code).toBe(1);
    await outcome;
  });

  test("a signal that whoever started it passes on once more does not force", async () => {
    await using app = await ChangingServer.start(target);
    const held = await app.hold("held");
    app.server.signal("SIGINT");
    await app.server.untilOutput(/server\.stopping/);
    app.server.signal("SIGINT");
    await until("the port closed", () => app.server.connect().then(leave, () => true));
    held.release();
    expectAnswer(await held.answer, waited);
    expect(await app.server.exited).toBe(0);
  });

  test("two servers on one data folder do not break each other's admin socket", async () => {
    await using old = await ChangingServer.start(target);
    const flags = [`--data=${old.server.dataFolder}`];
    const isReady = async () => {
      const unix = join(old.server.dataFolder, "admin.sock");
      return (await fetch("http://localhost/readyz", { unix, keepalive: false })).status;
    };
    {
      await using _mistaken = await ChangingServer.start(target, { flags });
      expect(await isReady()).toBe(200);
    }
    expect(await isReady()).toBe(200);
    await using next = await ChangingServer.start(target, { flags });
    await next.server.untilOutput(/data\.shared/);
    old.server.signal("SIGTERM");
    expect(await old.server.exited).toBe(0);
    expect(await isReady()).toBe(200);
  });

  test("--log json writes one kind of line, from the start to the end", async () => {
    const flags = ["--log=json", "--drain=300ms"];
    await using app = await ChangingServer.start(target, { flags });
    await app.fetch("/hello");
    app.server.signal("SIGHUP");
    await app.server.untilOutput(/release\.unchanged/);
    const held = await app.hold("held");
    const outcome = held.answer.catch(() => "closed");
    app.server.signal("SIGTERM");
    await Promise.all([outcome, app.server.exited]);
    await app.server.untilOutput(/server\.cut_off/);
    const lines = app.server.output.split("\n").filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
    for (const line of lines) {
      expect(Object.keys(line).slice(0, 3)).toEqual(["time", "level", "event"]);
    }
    expect(lines.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["request", "invocation", "release.unchanged", "server.stopping"]),
    );
    expect(app.server.output).not.toMatch(/^webtaskd: /m);
  });

  test("SIGHUP serves new code, and what runs ends on the old", async () => {
    await using app = await ChangingServer.start(target);
    expectAnswer(await app.fetch("/version"), { status: 200, text: "version 1" });
    const held = await app.hold("held");
    app.write("version/index.ts", versionTask("version 2"));
    app.write("waiting.ts", versionTask("not waiting any more"));
    app.server.signal("SIGHUP");
    await app.untilVersion("version 2");
    expectAnswer(await app.fetch("/waiting"), { status: 200, text: "not waiting any more" });
    held.release();
    expectAnswer(await held.answer, waited);
  });

  test("SIGHUP drops no request", async () => {
    await using app = await ChangingServer.start(target);
    await app.untilVersion("version 1");
    let isReloaded = false;
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isReloaded) expectAnswer(await app.fetch("/hello"), { status: 200 });
      }),
    );
    for (const version of ["version 2", "version 3"]) {
      app.write("version/index.ts", versionTask(version));
      app.server.signal("SIGHUP");
      await app.untilVersion(version);
    }
    isReloaded = true;
    await load;
  });

  test("SIGHUP with a broken manifest keeps what is served and says why", async () => {
    await using app = await ChangingServer.start(target);
    await app.untilVersion("version 1");
    app.write("cloudcode.json", '{ "app": "globex", "tasks": ');
    app.server.signal("SIGHUP");
    await app.server.untilOutput(/Cannot [^\n]*cloudcode\.json/);
    expectAnswer(await app.fetch("/version"), { status: 200, text: "version 1" });
  });

  test("SIGHUP follows the manifest", async () => {
    await using app = await ChangingServer.start(target);
    await app.untilVersion("version 1");
    app.write(
      "cloudcode.json",
      JSON.stringify({
        app: "globex",
        version: "1.15",
        tasks: { version: { web: true }, hello: { web: false } },
      }),
    );
    app.write("version/index.ts", versionTask("version 2"));
    app.server.signal("SIGHUP");
    await app.untilVersion("version 2");
    expectAnswer(await app.fetch("/hello"), { status: 404, error: "before" });
  });
});

function leave(connection: { leave(): void }): false {
  connection.leave();
  return false;
}
