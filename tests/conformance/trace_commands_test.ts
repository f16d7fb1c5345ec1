import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createTempFolder, type TempFolder } from "../temp_folder.ts";
import { type Answer, startServer, type TestServer } from "./server.ts";
import { root, type Target, targets } from "./targets.ts";
import { until } from "./wait.ts";

const host = "shop-testing.localhost";
/** None of these may be found in what a server keeps. */
const secrets = ["bearer-in-header", "variable-in-body", "4111-1111-1111"];

const tasks = {
  hello: `export const get = () => { console.log("said hello"); return "hi"; };`,
  fails: `export const get = () => { console.warn("about to fail"); throw new Error("no luck"); };`,
  slow: `export const get = async ({ invocation }) => {
    console.log("attempt " + invocation.attempt);
    await new Promise((resolve) => setTimeout(resolve, invocation.attempt === 1 ? 900 : 0));
    return { attempt: invocation.attempt };
  };`,
  kept:
    `export const post = ({ params }) => ({ sum: params.a + Number(params.b), card: params.card });`,
};
const entries = {
  hello: { web: true },
  fails: { web: true },
  slow: { web: true, timeout: "300ms", attempts: 2, deadline: "5s" },
  kept: {
    web: true,
    capture: { headers: true, body: true, redact: ["$.card.number"] },
  },
};

function createApp(): Promise<TempFolder> {
  const authenticate = "export const authenticate = ({ access }) => access.authorized();\n";
  const files = Object.entries(tasks).map(([name, code]) => [`${name}.ts`, authenticate + code]);
  const manifest = { app: "shop", version: "1.15", tasks: entries };
  return createTempFolder({
    ...Object.fromEntries(files),
    "cloudcode.json": JSON.stringify(manifest),
  });
}

describe.each([...targets])("$name: what happened to a request", (target) => {
  let app: TempFolder;
  let server: TestServer;
  const answers = new Map<string, Answer>();

  const id = (name: string, header = "x-request-id") =>
    answers.get(name)?.headers.get(header) ?? "";

  /** Runs a command of the target to its end. */
  const run = (...args: string[]) => runCommand(target, [...args, `--data=${server.dataFolder}`]);

  /** Runs a command with `--json` and reads its lines. */
  const read = (...args: string[]) => {
    const { exitCode, stdout, stderr } = run(...args, "--json");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    return stdout.trimEnd().split("\n").filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  };

  const states = (...args: string[]) =>
    read("traces", ...args).map(({ task, attempt, state }) => `${task} ${attempt} ${state}`);

  beforeAll(async () => {
    app = await createApp();
    const flags = ["--env=SECRET=variable-in-body", "--log=json"];
    server = await startServer(target, { apps: [app.path], flags });
    for (const name of ["hello", "fails", "slow"]) {
      answers.set(name, await server.fetch(`/${name}`, { host }));
    }
    answers.set(
      "kept",
      await server.fetch("/kept?b=2", {
        ...{ host, method: "POST" },
        headers: { "content-type": "application/json", authorization: "Bearer bearer-in-header" },
        body: JSON.stringify({
          a: 1,
          card: { number: "4111-1111-1111", of: "Ada" },
          note: "variable-in-body",
        }),
      }),
    );
    // Both attempts of the slow one are stored, and with them all that ended before.
    await until("the end of every attempt", () => states("--task=slow", "--state=COMPLETED")[1]);
  });

  afterAll(async () => {
    await server.stop();
    await app[Symbol.asyncDispose]();
  });

  /** What holds while a server runs has to hold when it is down. */
  function testReading() {
    test("lists invocations by task, state, request and duration", () => {
      expect(states("--task=hello")).toEqual(["hello 1 COMPLETED"]);
      expect(states("--state=failed")).toEqual(["fails 1 FAILED"]);
      expect(states(`--request=${id("slow")}`)).toEqual(["slow 1 COMPLETED", "slow 2 COMPLETED"]);
      expect(states("--slow=600ms")).toEqual(["slow 1 COMPLETED"]);
      expect(states("--task=hello", "--since=1h")).toEqual(["hello 1 COMPLETED"]);
      expect(states("--since=2000-01-01", "--limit=1")).toHaveLength(1);
      expect(states("--deployment=other")).toEqual([]);
    });

    test("names things as the log does", () => {
      const [row] = read("traces", `--request=${id("fails")}`);
      expect(row).toEqual({
        ...{ traceId: id("fails", "x-trace-id"), requestId: id("fails"), attempt: 1 },
        ...{ deployment: "shop-testing", release: expect.stringMatching(/^[0-9a-f]{16}$/) },
        ...{ task: "fails", method: "GET", path: "/fails", state: "FAILED" },
        reason: 'Cannot run the GET handler of task "fails": Error: no luck',
        ...{ status: null, delivered: true },
        ...{ startedAt: expect.any(Number), durationMs: expect.any(Number) },
      });
    });

    test("shows a request with its attempts, their output and the line that failed", () => {
      for (const header of ["x-request-id", "x-trace-id"]) {
        const { exitCode, stdout } = run("trace", id("slow", header));
        expect(exitCode).toBe(0);
        expect(stdout).toMatch(/^GET \/slow {2}200 delivered\n/);
        expect(stdout).toMatch(/^├─ attempt 1 {2}COMPLETED 200, not delivered/m);
        expect(stdout).toMatch(/^└─ attempt 2 {2}COMPLETED 200, delivered/m);
        expect(stdout).toMatch(/^│ +\+.* info {2}attempt 1$/m);
        expect(stdout.match(/━/g)?.length).toBeGreaterThan(20);
      }
      const { stdout } = run("trace", id("fails"));
      expect(stdout).toContain("> 2 | export const get = () => {");
      expect(stdout).toContain(join(app.path, "fails.ts:2:"));
      expect(stdout).not.toContain("releases/");
    });

    test("shows what was printed", () => {
      expect(read("logs", "--task=hello").map(({ text, level }) => [text, level]))
        .toEqual([["said hello", "info"]]);
      const traceId = id("fails", "x-trace-id");
      expect(read("logs", `--trace=${traceId}`)).toMatchObject([
        { text: "about to fail", level: "warn", stream: "console", traceId, task: "fails" },
      ]);
      expect(run("logs", "--level=warn").stdout).toContain(" | about to fail\n");
    });

    test("exits 1 for what is not kept", () => {
      const { exitCode, stderr } = run("trace", "f".repeat(32));
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining("Cannot find")]);
    });
  }

  describe("while the server runs", () => {
    testReading();

    test("is sent again when it was captured, as far as it was", async () => {
      const [replay] = read("replay", id("kept"));
      expect(replay).toMatchObject({
        ...{ replayOf: id("kept"), status: 200, contentType: "application/json" },
        redacted: expect.arrayContaining(["header:authorization", "body:$.card.number"]),
      });
      expect(JSON.parse(replay.body))
        .toEqual({ sum: 3, card: { number: "[redacted]", of: "Ada" } });
      expect(replay.requestId).not.toBe(id("kept"));
      await until("its record", () => states(`--request=${replay.requestId}`)[0]);
      expect(run("trace", replay.requestId).stdout).toContain(`replay of   ${id("kept")}`);
    });

    test("is refused when it was not, with the setting it takes", () => {
      const { exitCode, stderr } = run("replay", id("hello"));
      expect(exitCode).toBe(1);
      expect(stderr).toContain('set "capture": {"headers": true, "body": true} for task "hello"');
    });
  });

  describe("once the server is down", () => {
    beforeAll(async () => {
      server.signal("SIGTERM");
      expect(await server.exited).toBe(0);
    });

    testReading();

    test("is not sent again", () => {
      const { exitCode, stderr } = run("replay", id("kept"));
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringContaining("Cannot reach a running server"),
      ]);
    });

    test("has left no secret of a client in the data folder", () => {
      const names = readdirSync(server.dataFolder, { recursive: true, encoding: "utf8" })
        .filter((name) => !name.startsWith("releases/"));
      const files = names.map((name) => join(server.dataFolder, name))
        .filter((path) => statSync(path).isFile());
      const kept = files.map((path) => readFileSync(path, "latin1")).join("\n");
      expect(kept).toContain("about to fail");
      for (const secret of secrets) expect(kept).not.toContain(secret);
    });
  });
});

function runCommand({ command }: Target, args: readonly string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command, ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" },
  });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}
