import { describe, expect, test } from "bun:test";
import { until } from "../conformance/wait.ts";
import { startAdmin, startCommand } from "../traces/admin_server.ts";
import { sampleLine, sampleRequest, sampleRow, sampleTrace, traceIdOf } from "../traces/samples.ts";

describe("webtaskd traces", () => {
  test("lists what the running server has, the newest last", async () => {
    await using admin = await startAdmin();
    const later = sampleRow({ traceId: traceIdOf("b"), startedAt: sampleRow().startedAt + 1 });
    admin.traces.rows = [later, sampleRow()];
    const { exitCode, stdout, stderr } = await admin.run(["traces", "--limit=5"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout.match(/TRACE|a{32}|b{32}/g)).toEqual(["TRACE", traceIdOf("a"), traceIdOf("b")]);
    expect(stdout).not.toContain("\x1b");
  });

  test("writes one JSON object a line, without a header", async () => {
    await using admin = await startAdmin();
    admin.traces.rows = [sampleRow(), sampleRow({ traceId: traceIdOf("b") })];
    const { stdout } = await admin.run(["traces", "--json", "--task=orders", "--state=completed"]);
    const rows = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    expect(rows.map(({ attempt, state }) => [attempt, state]))
      .toEqual([[1, "COMPLETED"], [1, "COMPLETED"]]);
    expect(admin.traces.traceFilters[0]).toMatchObject({ task: "orders", state: "COMPLETED" });
  });

  test("colours on a terminal", async () => {
    await using admin = await startAdmin();
    admin.traces.rows = [sampleRow()];
    const atTerminal = { isTerminal: () => true, terminalColumns: () => 120 };
    expect((await admin.run(["traces"], atTerminal)).stdout).toContain("\x1b[32mCOMPLETED");
    const noColor = { ...atTerminal, env: { NO_COLOR: "1" } };
    expect((await admin.run(["traces"], noColor)).stdout).not.toContain("\x1b");
  });

  test("follows across a restart until it is interrupted", async () => {
    await using admin = await startAdmin();
    admin.traces.rows = [sampleRow({ state: "RUNNING", status: undefined, durationMs: undefined })];
    const command = admin.start(["traces", "--follow", "--json"]);
    await until("the first row", () => command.stdout().includes("RUNNING"));
    await admin.stop();
    await admin.restart();
    admin.traces.rows = [sampleRow({ state: "FAILED" })];
    await until("the end of it", () => command.stdout().includes("FAILED"));
    command.interrupt();
    const { exitCode, stdout } = await command.done;
    const rows = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    expect([exitCode, rows.map(({ state }) => state)]).toEqual([0, ["RUNNING", "FAILED"]]);
  });

  test("ends quietly when its reader has enough", async () => {
    await using admin = await startAdmin();
    const closed = { writeSome: () => Promise.reject(new Error("EPIPE")) };
    for (const args of [["traces"], ["traces", "--follow"], ["logs", "--follow"]]) {
      admin.traces.rows = [sampleRow()];
      admin.traces.lines = [sampleLine()];
      expect(await admin.run(args, closed)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    }
  });
});

test.each<[readonly string[], string]>([
  [["traces", "--state=DONE"], 'Cannot use --state "DONE": give one of RUNNING, COMPLETED'],
  [["traces", "--since=x"], 'Cannot use --since "x": give how long ago, as "10m"'],
  [["traces", "--slow=5"], 'Cannot use --slow "5": give a duration with a unit, as "5s"'],
  [["traces", "--limit=x"], 'Cannot use --limit "x": give a whole number from 1 to 10000'],
  [["logs", "--trace=abc"], 'Cannot use --trace "abc": give a trace ID'],
  [["logs", "--level=loud"], 'Cannot use --level "loud": give one of debug, info, warn, error'],
  [["trace"], "missing required argument 'id'"],
  [["replay"], "missing required argument 'id'"],
])("webtaskd exits 2 for %p", async (args, message) => {
  const { exitCode, stdout, stderr } = await startCommand(args, {}).done;
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain(message);
});

describe("webtaskd trace", () => {
  test("shows a request by its ID or that of an attempt", async () => {
    await using admin = await startAdmin();
    admin.traces.requests = [
      sampleRequest({ invocations: [sampleTrace({ lines: [sampleLine()] })] }),
    ];
    for (const id of ["request-1", traceIdOf("a")]) {
      const { exitCode, stdout } = await admin.run(["trace", id]);
      expect(exitCode).toBe(0);
      expect(stdout).toStartWith("POST /orders  200 delivered\n");
      expect(stdout).toContain("└─ attempt 1  COMPLETED 200, delivered");
    }
    const { stdout } = await admin.run(["trace", "request-1", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      requestId: "request-1",
      invocations: [{ pid: 77 }],
    });
  });

  test("exits 1 for what nobody knows", async () => {
    await using admin = await startAdmin();
    expect(await admin.run(["trace", "nope"])).toEqual({
      ...{ exitCode: 1, stdout: "" },
      stderr: 'webtaskd: Cannot find "nope": no request and no trace of this ID is kept\n',
    });
  });
});

test.each(["traces", "trace x", "logs"])(
  "webtaskd %s exits 1 where no server has kept anything",
  async (words) => {
    const args = [...words.split(" "), "--data=/nowhere"];
    const { exitCode, stderr } = await startCommand(args, {}).done;
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('Cannot find traces in "/nowhere"'),
    ]);
  },
);

test("webtaskd logs shows and follows lines", async () => {
  await using admin = await startAdmin();
  admin.traces.lines = [sampleLine(), sampleLine({ sequence: 2, level: "warn", text: "two" })];
  const { stdout } = await admin.run(["logs", "--level=warn"]);
  expect(stdout.trimEnd().split("\n")).toEqual([expect.stringMatching(/ warn .* \| two$/)]);
  const command = admin.start(["logs", "--follow", "--json"]);
  await until("two lines", () => command.stdout().includes('"two"'));
  admin.traces.lines = [...admin.traces.lines, sampleLine({ sequence: 3, text: "three" })];
  await until("the third", () => command.stdout().includes('"three"'));
  command.interrupt();
  const { exitCode, stdout: followed } = await command.done;
  const texts = followed.trimEnd().split("\n").map((line) => JSON.parse(line).text);
  expect([exitCode, texts]).toEqual([0, ["looking", "two", "three"]]);
});

describe("webtaskd replay", () => {
  const result = {
    ...{ requestId: "request-2", replayOf: "request-1", traceId: traceIdOf("b"), status: 201 },
    ...{ contentType: "application/json", body: '{"ok":true}', redacted: ["header:cookie"] },
  };

  test("shows the answer on standard output, and what was missing beside it", async () => {
    await using admin = await startAdmin({ kind: "replayed", result });
    expect(await admin.run(["replay", "request-1"])).toEqual({
      exitCode: 0,
      stdout: '{"ok":true}\n',
      stderr: "webtaskd: sent without what was not stored: header:cookie\n" +
        `webtaskd: 201 application/json: request request-2, trace ${traceIdOf("b")}, ` +
        "a replay of request-1\n",
    });
    const { stdout } = await admin.run(["replay", "request-1", "--json"]);
    expect(JSON.parse(stdout)).toEqual(result);
    expect(admin.replayed).toEqual(["request-1", "request-1"]);
  });

  test("exits 1 where it is refused, unknown, or nobody serves", async () => {
    await using refused = await startAdmin({ kind: "refused", message: "Cannot replay it: why" });
    expect(await refused.run(["replay", "request-1"])).toEqual({
      ...{ exitCode: 1, stdout: "", stderr: "webtaskd: Cannot replay it: why\n" },
    });
    await using unknown = await startAdmin();
    expect(await unknown.run(["replay", "x"])).toMatchObject({ exitCode: 1, stdout: "" });
    await unknown.stop();
    const { exitCode, stderr } = await unknown.run(["replay", "x"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Cannot reach a running server at");
    expect(stderr).toContain('Start it with "webtaskd serve"');
  });
});
