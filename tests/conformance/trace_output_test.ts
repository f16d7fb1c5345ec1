import { describe, expect, test } from "bun:test";
import { startAdmin } from "../traces/admin_server.ts";
import { sampleLine, sampleRequest, sampleRow, traceIdOf } from "../traces/samples.ts";
import { root, type Target, targets } from "./targets.ts";
import { until } from "./wait.ts";

/** More than a pipe holds. */
const manyRows = 5_000;

/** Starts a command of a target; its output is collected as it comes. */
function start({ command }: Target, args: readonly string[]) {
  const child = Bun.spawn([...command, ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  const decoder = new TextDecoder();
  const read = (async () => {
    for await (const bytes of child.stdout) stdout += decoder.decode(bytes, { stream: true });
  })();
  return {
    stdout: () => stdout,
    signal: (name: "SIGINT") => child.kill(name),
    async done() {
      const stderr = await new Response(child.stderr).text();
      await read;
      return { exitCode: await child.exited, stdout, stderr };
    },
  };
}

describe.each([...targets])("$name: a trace command", (target) => {
  test("asks the socket in the data folder", async () => {
    await using admin = await startAdmin();
    admin.traces.rows = [sampleRow()];
    admin.traces.requests = [sampleRequest()];
    const data = `--data=${admin.dataDir}`;
    const traces = await start(target, ["traces", "--json", data]).done();
    expect(traces).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(traces.stdout)).toMatchObject({ traceId: traceIdOf("a"), reason: null });
    const trace = await start(target, ["trace", "request-1", data]).done();
    expect(trace).toMatchObject({ exitCode: 0, stderr: "" });
    expect(trace.stdout).toContain("└─ attempt 1  COMPLETED 200, delivered");
  });

  test("writes all it has to a slow reader", async () => {
    await using admin = await startAdmin();
    admin.traces.rows = Array.from({ length: manyRows }, () => sampleRow());
    const args = ["traces", "--json", `--limit=${manyRows}`, `--data=${admin.dataDir}`];
    const { exitCode, stdout } = await start(target, args).done();
    expect([exitCode, stdout.trimEnd().split("\n").length]).toEqual([0, manyRows]);
  });

  test("ends quietly when its reader has enough", async () => {
    await using admin = await startAdmin();
    admin.traces.rows = Array.from({ length: manyRows }, () => sampleRow());
    admin.traces.lines = Array.from({ length: manyRows }, () => sampleLine());
    const quoted = target.command.map((word) => `'${word}'`).join(" ");
    for (const words of ["traces", "traces --follow", "logs --follow"]) {
      const line = `${quoted} ${words} --json --limit=${manyRows} --data=${admin.dataDir}`;
      const shell: Target = { ...target, command: ["bash", "-c"] };
      const script = `${line} | head -1; echo "\${PIPESTATUS[0]}"`;
      const { stdout, stderr } = await start(shell, [script]).done();
      const [first = "", code] = stdout.trimEnd().split("\n");
      expect(JSON.parse(first)).toMatchObject({ deployment: "acme-testing" });
      expect([code, stderr]).toEqual(["0", ""]);
    }
  });

  test("follows across a restart, and ends with 0 on Ctrl-C", async () => {
    await using admin = await startAdmin();
    admin.traces.rows = [sampleRow({ state: "RUNNING", status: undefined, durationMs: undefined })];
    const command = start(target, ["traces", "--follow", `--data=${admin.dataDir}`]);
    await until("the first row", () => command.stdout().includes("RUNNING"));
    await admin.stop();
    await admin.restart();
    admin.traces.rows = [sampleRow({ state: "KILLED" })];
    await until("the end of it", () => command.stdout().includes("KILLED"));
    command.signal("SIGINT");
    expect(await command.done()).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("says what is wrong with its words", async () => {
    const { exitCode, stderr } = await start(target, ["traces", "--state=DONE"]).done();
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Cannot use --state "DONE"')]);
  });
});
