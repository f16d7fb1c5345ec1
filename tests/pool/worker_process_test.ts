import { describe, expect, test } from "bun:test";
import { boot, createWorkers, failure, reply, shapes, turn } from "./fake_workers.ts";
import { graceMs, startProcess, startTimeoutMs } from "./started_process.ts";

describe("WorkerProcess", () => {
  test("is started as a worker with its environment, and told where to connect", async () => {
    await using workers = await createWorkers();
    const { child, process } = startProcess(workers);
    expect(child.options).toMatchObject({
      command: ["webtaskd", "worker"],
      cwd: boot.dir,
      env: { PATH: "/bin" },
    });
    expect(child.boot).toMatchObject({ ...boot, socket: workers.hub.socketPath });
    expect([process.pid, process.state]).toEqual([child.pid, "starting"]);
  });

  test("is ready once it has connected", async () => {
    await using workers = await createWorkers();
    const { child, process, told, clock } = startProcess(workers);
    child.connect();
    expect([process.state, told.ready]).toEqual(["ready", [undefined]]);
    clock.advance(startTimeoutMs * 2);
    expect([process.state, child.signals]).toEqual(["ready", []]);
  });

  test("asked to describe its tasks, is ready once it has", async () => {
    await using workers = await createWorkers();
    const { child, process, told } = startProcess(workers, { describe: true });
    child.connect();
    await turn();
    expect([process.state, child.received]).toEqual(["starting", [{ kind: "describe" }]]);
    child.send({ kind: "loading", task: "hello" });
    child.send({ kind: "shapes", shapes });
    child.send({ kind: "shapes", shapes: new Map() });
    expect([process.state, told.ready]).toEqual(["ready", [shapes]]);
  });

  test("runs calls, and tells how each ended", async () => {
    await using workers = await createWorkers();
    const { child, process, endings, run, told } = startProcess(workers);
    child.connect();
    const ids = [run("first"), run("second", "slow"), run("third")];
    await turn();
    expect(child.calls).toEqual(ids);
    expect([process.runningCount, process.runningOf("hello")]).toEqual([3, 2]);
    child.reply(ids[1] ?? 0);
    child.send({ kind: "failed", id: ids[0] ?? 0, failure });
    expect(endings).toMatchObject({
      second: { kind: "replied", reply },
      first: { kind: "failed", failure },
    });
    expect([process.runningCount, process.runningOf("hello"), process.runningOf("slow")])
      .toEqual([1, 1, 0]);
    expect(told.free).toBe(2);
  });

  test("aborts calls that run, and those only", async () => {
    await using workers = await createWorkers();
    const { child, process, run } = startProcess(workers);
    child.connect();
    const [first, second, third] = [run("first"), run("second"), run("third")];
    await turn();
    child.reply(first);
    process.abort(first, "Overdue");
    process.abort(second, "ClientGone");
    process.abortAll("Draining");
    await turn();
    expect(child.received.slice(3)).toEqual([
      { kind: "abort", id: second, reason: "ClientGone" },
      { kind: "abort", id: second, reason: "Draining" },
      { kind: "abort", id: third, reason: "Draining" },
    ]);
  });

  test("passes on what its calls print, and what belongs to none", async () => {
    await using workers = await createWorkers();
    const { child, run, told } = startProcess(workers);
    child.connect();
    const id = run("trace");
    child.send({ kind: "output", id, line: { level: "warn", text: "mine" } });
    child.send({ kind: "output", id: 0, line: { level: "info", text: "nobody's" } });
    child.print("stderr", "raw\n");
    const of = { traceId: "e".repeat(32), requestId: "r", task: "hello" };
    child.send({ kind: "late_output", of, line: { level: "info", text: "late" } });
    expect(told.output.map(({ text, stream, calls }) => [
      text,
      stream,
      ...calls.map(({ traceId }) => traceId),
    ])).toEqual([["mine", "console", "trace"], ["nobody's", "console"], [
      "raw",
      "stderr",
      "trace",
    ], ["late", "console", "e".repeat(32)]]);
  });
});

describe("a retired WorkerProcess", () => {
  test("hangs up once its calls have ended, and is forced after a while", async () => {
    await using workers = await createWorkers();
    const { clock, child, process, run, told, endings } = startProcess(workers);
    child.connect();
    const id = run("running");
    process.retire();
    process.retire();
    expect([process.state, child.isHungUp, told.retired]).toEqual(["retiring", false, 1]);
    child.reply(id);
    expect([process.state, child.isHungUp, child.signals]).toEqual(["stopping", true, []]);
    expect([endings["running"]?.kind, told.free]).toEqual(["replied", 0]);
    clock.advance(graceMs);
    expect(child.signals).toEqual(["SIGKILL"]);
    await child.exit({ signal: "SIGKILL" });
    expect([process.state, clock.pending]).toEqual(["ended", 0]);
    expect(told.ended).toMatchObject([{ wasReady: true }]);
  });

  test("that runs nothing hangs up at once", async () => {
    await using workers = await createWorkers();
    const { child, process, clock } = startProcess(workers);
    child.connect();
    process.retire();
    expect([process.state, child.isHungUp]).toEqual(["stopping", true]);
    await child.exit();
    process.retire();
    process.stop("again");
    process.kill("again");
    expect([process.state, clock.pending]).toEqual(["ended", 0]);
  });

  test("that still starts is asked to end, and stays stopped when it connects", async () => {
    await using workers = await createWorkers();
    const { child, process, told } = startProcess(workers);
    process.retire();
    child.connect();
    expect([process.state, child.signals, told.ready]).toEqual(["stopping", ["SIGTERM"], []]);
    await child.exit({ signal: "SIGTERM" });
    expect(told.ended).toMatchObject([{ wasReady: false }]);
  });
});

describe("the end of a WorkerProcess", () => {
  test("is told to every call it ran, once, with its exit code and last words", async () => {
    await using workers = await createWorkers();
    const { clock, child, process, run, endings, told } = startProcess(workers);
    child.connect();
    const ids = [run("replied"), run("first"), run("second")];
    child.reply(ids[0] ?? 0);
    child.print("stderr", "out of luck\n");
    await child.exit({ code: 7 });
    const died = {
      kind: "died",
      state: "CRASHED",
      failure: {
        code: "crashed",
        message: "The process of the task ended with exit code 7",
        stack: "out of luck\n",
        publicMessage: undefined,
      },
    };
    expect(endings).toMatchObject({ replied: { kind: "replied" }, first: died, second: died });
    expect([process.state, process.runningCount, clock.pending]).toEqual(["ended", 0, 0]);
    expect(told.ended).toMatchObject([{ wasReady: true }]);
    await process.ended;
  });

  test("for the sake of one call names that call to its neighbours", async () => {
    await using workers = await createWorkers();
    const { clock, child, process, run, endings } = startProcess(workers);
    child.connect();
    const culprit = run("culprit");
    run("neighbour");
    process.killFor(99, "a call that does not run");
    expect(process.state).toBe("ready");
    process.killFor(culprit, "it ran too long");
    process.killFor(culprit, "again");
    expect([process.state, child.signals]).toEqual(["stopping", ["SIGTERM"]]);
    clock.advance(graceMs);
    expect(child.signals).toEqual(["SIGTERM", "SIGKILL"]);
    await child.exit({ signal: "SIGKILL" });
    const message = "The process of the task ended with signal SIGKILL: it ran too long";
    expect(endings).toMatchObject({
      culprit: { state: "KILLED", failure: { message } },
      neighbour: {
        state: "CRASHED",
        failure: { message: `${message}, taken down by trace culprit` },
      },
    });
    expect(clock.pending).toBe(0);
  });

  test("keeps the first reason", async () => {
    await using workers = await createWorkers();
    const { child, process, run, endings } = startProcess(workers);
    child.connect();
    run("running");
    process.kill("the server stops", "INTERRUPTED");
    process.killFor(1, "it ran too long");
    expect(child.signals).toEqual(["SIGTERM", "SIGKILL"]);
    await child.exit({ signal: "SIGKILL" });
    expect(endings).toMatchObject({
      running: {
        state: "INTERRUPTED",
        failure: { message: "The process of the task ended with signal SIGKILL: the server stops" },
      },
    });
  });

  test("lets calls finish that answer while it is being stopped", async () => {
    await using workers = await createWorkers();
    const { child, process, run, endings } = startProcess(workers);
    child.connect();
    const [culprit, neighbour] = [run("culprit"), run("neighbour")];
    process.killFor(culprit, "it ran too long");
    child.reply(neighbour);
    await child.exit({ signal: "SIGTERM" });
    expect([endings["neighbour"]?.kind, endings["culprit"]?.kind]).toEqual(["replied", "died"]);
  });
});
