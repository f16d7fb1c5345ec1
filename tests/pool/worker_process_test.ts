import { describe, expect, test } from "bun:test";
import { boot, createWorkers, failure, reply, shape, turn } from "./fake_workers.ts";
import { both, graceMs, startProcess, startTimeoutMs } from "./started_process.ts";

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
    expect([process.state, told.ready]).toEqual(["ready", 1]);
    clock.advance(startTimeoutMs * 2);
    expect([process.state, child.signals]).toEqual(["ready", []]);
  });

  test("asked to describe its tasks, is ready once it has", async () => {
    await using workers = await createWorkers();
    const { child, process, told } = startProcess(workers, { describe: both });
    child.connect();
    await turn();
    expect([process.state, child.told]).toEqual(["starting", [{ kind: "describe", ...both }]]);
    expect(process.describer !== undefined).toBe(true);
    child.load("hello");
    child.load("slow");
    expect([process.state, told.shapes]).toEqual(["starting", [["hello", shape], ["slow", shape]]]);
    child.send({ kind: "described" });
    child.send({ kind: "described" });
    expect([process.state, process.describer !== undefined, told.ready]).toEqual([
      "ready",
      false,
      1,
    ]);
  });

  test("is told to load the task that is likely to be called, and ready meanwhile", async () => {
    await using workers = await createWorkers();
    const { child, process } = startProcess(workers, { preload: "slow" });
    child.connect();
    await turn();
    expect([process.state, child.told]).toEqual(["ready", [{ kind: "preload", task: "slow" }]]);
    expect([process.preloaded, process.calls.total]).toEqual(["slow", 0]);
  });

  test("tells its time at once, and when it is asked, in whole milliseconds", async () => {
    await using workers = await createWorkers();
    const { child, clock } = startProcess(workers);
    child.connect();
    clock.advance(1.75);
    child.send({ kind: "sync" });
    expect(child.received).toEqual([
      { kind: "synced", nowMs: 1_000 },
      { kind: "synced", nowMs: 1_001 },
    ]);
  });

  test("tells its time before the first call, as a call is measured by it", async () => {
    await using workers = await createWorkers();
    const { child, onReady, run } = startProcess(workers);
    onReady.push(() => run("first"));
    child.connect();
    await turn();
    const kinds = child.received.map(({ kind }) => kind).filter((kind) => kind !== "sentAt");
    expect([kinds[0], kinds.filter((kind) => kind === "call").length]).toEqual(["synced", 1]);
  });

  test("is told when calls were sent, once for all of a millisecond", async () => {
    await using workers = await createWorkers();
    const { child, clock, run } = startProcess(workers);
    child.connect();
    run("first");
    clock.advance(0.5);
    run("second");
    clock.advance(0.5);
    run("third");
    await turn();
    expect(child.received.flatMap((message) => {
      if (message.kind === "sentAt") return [message.nowMs];
      return message.kind === "call" ? [message.id] : [];
    })).toEqual([1_000, 1, 2, 1_001, 3]);
  });

  test("runs calls, and tells how each ended", async () => {
    await using workers = await createWorkers();
    const { child, process, endings, run, told } = startProcess(workers);
    child.connect();
    const ids = [run("first"), run("second", "slow"), run("third")];
    await turn();
    expect(child.calls).toEqual(ids);
    expect([process.calls.size, process.calls.countOf("hello")]).toEqual([3, 2]);
    child.reply(ids[1] ?? 0);
    child.send({ kind: "failed", id: ids[0] ?? 0, failure });
    expect(endings).toMatchObject({
      second: { kind: "replied", reply },
      first: { kind: "failed", failure },
    });
    expect([process.calls.size, process.calls.countOf("hello"), process.calls.countOf("slow")])
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
    expect(child.told.slice(3)).toEqual([
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
    await turn();
    child.isBlocked = true;
    run("not started");
    await turn();
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
    process.retire("worn");
    process.retire("idle");
    expect([process.state, child.isHungUp, told.unavailable]).toEqual(["retiring", false, 1]);
    child.reply(id);
    expect([process.state, child.isHungUp, child.signals]).toEqual(["stopping", true, []]);
    expect([endings["running"]?.kind, told.free]).toEqual(["replied", 0]);
    clock.advance(graceMs);
    expect(child.signals).toEqual(["SIGKILL"]);
    await child.exit({ signal: "SIGKILL" });
    expect([process.state, clock.pending]).toEqual(["ended", 0]);
    expect(told.ended).toMatchObject([{ wasReady: true, cause: "worn" }]);
  });

  test("that runs nothing hangs up at once", async () => {
    await using workers = await createWorkers();
    const { child, process, clock } = startProcess(workers);
    child.connect();
    process.retire();
    expect([process.state, child.isHungUp]).toEqual(["stopping", true]);
    await child.exit();
    process.retire();
    process.stop({ cause: "worn", message: "again" });
    process.kill({ cause: "worn", message: "again" });
    expect([process.state, clock.pending]).toEqual(["ended", 0]);
  });

  test("that still starts is asked to end, and stays stopped when it connects", async () => {
    await using workers = await createWorkers();
    const { child, process, told } = startProcess(workers);
    process.retire();
    child.connect();
    expect([process.state, child.signals, told.ready]).toEqual(["stopping", ["SIGTERM"], 0]);
    await child.exit({ signal: "SIGTERM" });
    expect(told.ended).toMatchObject([{ wasReady: false, cause: "retired" }]);
  });
});

describe("the end of a WorkerProcess", () => {
  test("is told to every call it ran, once, with its exit code and last words", async () => {
    await using workers = await createWorkers();
    const { clock, child, process, run, endings, told } = startProcess(workers);
    child.connect();
    const ids = [run("replied"), run("first"), run("second")];
    await turn();
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
    expect([process.state, process.calls.size, clock.pending]).toEqual(["ended", 0, 0]);
    expect(told.ended).toMatchObject([{ wasReady: true, cause: "exited", loading: [] }]);
    expect(told.returned).toEqual([]);
    await process.ended;
  });

  test("for the sake of one call names that call to its neighbours", async () => {
    await using workers = await createWorkers();
    const { clock, child, process, run, endings } = startProcess(workers);
    child.connect();
    const culprit = run("culprit");
    run("neighbour");
    await turn();
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
      culprit: { state: "KILLED", failure: { code: "max_duration", message } },
      neighbour: {
        state: "CRASHED",
        failure: { code: "crashed", message: `${message}, taken down by trace culprit` },
      },
    });
    expect(clock.pending).toBe(0);
  });

  test("keeps the first reason", async () => {
    await using workers = await createWorkers();
    const { child, process, run, endings } = startProcess(workers);
    child.connect();
    run("running");
    await turn();
    process.kill({ cause: "stopping", message: "the server stops", state: "INTERRUPTED" });
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
    await turn();
    process.killFor(culprit, "it ran too long");
    child.reply(neighbour);
    await child.exit({ signal: "SIGTERM" });
    expect([endings["neighbour"]?.kind, endings["culprit"]?.kind]).toEqual(["replied", "died"]);
  });
});
