import { describe, expect, test } from "bun:test";
import { createWorkers, type FakeWorkers, turn } from "./fake_workers.ts";
import { graceMs, startProcess } from "./started_process.ts";

/** Time enough to find a process blocked, and to take back what it was sent before. */
const foundMs = 900;

/** A process that has started one call, blocks in it, and has been sent others since. */
async function startBlocked(workers: FakeWorkers, later: readonly string[] = ["later", "last"]) {
  const started = startProcess(workers);
  const { child, run } = started;
  child.connect();
  const culprit = run("culprit");
  await turn();
  child.isBlocked = true;
  const ids = later.map((name) => run(name));
  await turn();
  return { ...started, culprit, ids };
}

describe("a WorkerProcess whose event loop is blocked", () => {
  test("is found out, takes no more calls, and gives back what it has not started", async () => {
    await using workers = await createWorkers();
    const { process, told, endings, watch } = await startBlocked(workers);
    watch(600);
    expect([process.state, told.unavailable, told.returned]).toEqual(["ready", 0, []]);
    watch(foundMs - 600);
    expect([process.state, told.unavailable]).toEqual(["stalled", 1]);
    expect(told.returned).toEqual([["later", "last"]]);
    expect([process.calls.size, process.calls.total, endings]).toEqual([1, 3, {}]);
    watch(5_000);
    expect([told.unavailable, told.returned.length]).toEqual([1, 1]);
  });

  test("is ready again with its first sign of life, and told to drop what it lost", async () => {
    await using workers = await createWorkers();
    const { child, culprit, ids, process, told, endings, watch } = await startBlocked(workers);
    watch(foundMs);
    child.isBlocked = false;
    child.reply(culprit);
    for (const id of ids) child.send({ kind: "ask", id });
    await turn();
    expect([process.state, endings["culprit"]?.kind]).toEqual(["stalled", "replied"]);
    expect(child.told.slice(-2)).toEqual([{ kind: "drop" }, { kind: "drop" }]);
    watch(100);
    expect([process.state, told.free]).toEqual(["ready", 1]);
    expect(Object.keys(endings)).toEqual(["culprit"]);
  });

  test("keeps what was sent a moment ago, until it has been silent for longer", async () => {
    await using workers = await createWorkers();
    const { child, clock, process, run, told, watch } = await startBlocked(workers, []);
    watch(700);
    run("young");
    watch(100);
    expect([process.state, told.returned]).toEqual(["stalled", []]);
    watch(100);
    expect(told.returned).toEqual([]);
    watch(100);
    expect(told.returned).toEqual([["young"]]);
    expect([child.signals, clock.pending]).toEqual([[], 0]);
  });

  test("keeps everything where it cannot show what it has started", async () => {
    await using workers = await createWorkers();
    const { child, process, run, told, endings, watch } = startProcess(workers);
    child.canShare = false;
    child.connect();
    run("first");
    await turn();
    child.isBlocked = true;
    run("second");
    watch(5_000);
    expect([process.state, told.returned]).toEqual(["stalled", []]);
    await child.exit({ code: 1 });
    expect([endings["first"], endings["second"]]).toMatchObject([
      { state: "CRASHED" },
      { state: "CRASHED" },
    ]);
    expect(told.returned).toEqual([]);
  });

  test("by nothing that runs for a request is ended", async () => {
    await using workers = await createWorkers();
    const { child, process, run, told, watch } = startProcess(workers);
    child.connect();
    child.isBlocked = true;
    run("first");
    await turn();
    watch(foundMs);
    expect([told.returned, process.state, child.signals]).toEqual([
      [["first"]],
      "stopping",
      ["SIGTERM"],
    ]);
    await child.exit({ signal: "SIGTERM" });
    expect(told.ended).toMatchObject([{ cause: "blocked", wasReady: true }]);
  });

  test("can be retired: it gives back what it has not started, and may end later", async () => {
    await using workers = await createWorkers();
    const { child, culprit, process, told, endings, watch } = await startBlocked(workers);
    watch(foundMs);
    process.retire();
    expect([process.state, child.isHungUp]).toEqual(["retiring", false]);
    child.isBlocked = false;
    child.reply(culprit);
    expect([process.state, child.isHungUp]).toEqual(["stopping", true]);
    expect([endings["culprit"]?.kind, told.free]).toEqual(["replied", 0]);
  });

  test("gives back what it has not started while it is retiring, too", async () => {
    await using workers = await createWorkers();
    const { process, told, watch } = await startBlocked(workers);
    process.retire();
    watch(foundMs);
    expect([process.state, told.returned]).toEqual(["retiring", [["later", "last"]]]);
  });

  test("that retires and was only sent what it has not started hangs up, and is forced", async () => {
    await using workers = await createWorkers();
    const { child, clock, process, run, watch } = startProcess(workers);
    child.connect();
    child.isBlocked = true;
    run("first");
    process.retire();
    watch(foundMs);
    expect([process.state, child.isHungUp]).toEqual(["stopping", true]);
    clock.advance(graceMs);
    expect(child.signals).toEqual(["SIGKILL"]);
  });

  test("can be ended for its culprit; neighbours it has started name its trace", async () => {
    await using workers = await createWorkers();
    const { child, clock, process, run, told, endings, watch } = startProcess(workers);
    child.connect();
    run("neighbour");
    const culprit = run("culprit");
    await turn();
    child.isBlocked = true;
    run("later");
    watch(foundMs);
    process.killFor(culprit, "it ran too long");
    clock.advance(graceMs);
    await child.exit({ signal: "SIGKILL" });
    expect(told.returned).toEqual([["later"]]);
    expect(endings).toMatchObject({
      culprit: { state: "KILLED" },
      neighbour: { state: "CRASHED" },
    });
    expect(JSON.stringify(endings["neighbour"])).toContain("taken down by trace culprit");
  });

  test("and runs nothing is not looked at", async () => {
    await using workers = await createWorkers();
    const { child, process, watch } = startProcess(workers);
    child.connect();
    child.isBlocked = true;
    watch(5_000);
    await turn();
    expect([process.state, child.told]).toEqual(["ready", []]);
  });

  test("that answers is asked no more than it has to be", async () => {
    await using workers = await createWorkers();
    const { child, process, run, watch } = startProcess(workers);
    child.connect();
    run("long");
    await turn();
    watch(5_000);
    expect(process.state).toBe("ready");
    const pings = child.received.filter(({ kind }) => kind === "ping").length;
    expect([pings > 5, pings < 20]).toEqual([true, true]);
  });
});

describe("a call that came late to its worker", () => {
  test("is its own while the gateway has not taken it back: it may start within the time", async () => {
    await using workers = await createWorkers();
    const { child, clock, ids } = await startBlocked(workers);
    clock.advance(250);
    child.send({ kind: "ask", id: ids[0] ?? 0 });
    await turn();
    expect(child.received.slice(-2)).toEqual([
      { kind: "sentAt", nowMs: clock.monotonicMs() },
      { kind: "go" },
    ]);
  });

  test("that has ended, or never was, is not its own", async () => {
    await using workers = await createWorkers();
    const { child, culprit } = await startBlocked(workers);
    child.reply(culprit);
    for (const id of [culprit, 99]) child.send({ kind: "ask", id });
    await turn();
    expect(child.told.slice(-2)).toEqual([{ kind: "drop" }, { kind: "drop" }]);
  });
});

describe("a WorkerProcess that dies", () => {
  test("gives back what it had not started, in order, once the others have been told", async () => {
    await using workers = await createWorkers();
    const { child, told, endings } = await startBlocked(workers);
    await child.exit({ signal: "SIGSEGV" });
    expect(endings).toMatchObject({ culprit: { kind: "died", state: "CRASHED" } });
    expect(Object.keys(endings)).toEqual(["culprit"]);
    expect(told.returned).toEqual([["later", "last"]]);
    expect(told.ended).toMatchObject([{ cause: "exited", wasReady: true }]);
  });

  test("for the sake of a call gives back what it had not started", async () => {
    await using workers = await createWorkers();
    const { child, culprit, process, told, endings } = await startBlocked(workers);
    process.killFor(culprit, "it ran too long");
    await child.exit({ signal: "SIGTERM" });
    expect([endings["culprit"], told.returned]).toMatchObject([
      { state: "KILLED" },
      [["later", "last"]],
    ]);
  });

  test("because the server stops gives nothing back: nobody would run it", async () => {
    await using workers = await createWorkers();
    const { child, process, told, endings } = await startBlocked(workers);
    process.kill({ cause: "stopping", message: "the server stops", state: "INTERRUPTED" });
    await child.exit({ signal: "SIGKILL" });
    expect(Object.keys(endings).sort()).toEqual(["culprit", "last", "later"]);
    expect(Object.values(endings)).toMatchObject(Array(3).fill({ state: "INTERRUPTED" }));
    expect(told.returned).toEqual([]);
  });

  test("over its memory limit says so to all that it had started", async () => {
    await using workers = await createWorkers();
    const { child, process, told, endings } = await startBlocked(workers);
    const message = "memory: it used 2000 of at most 1024 MiB (maxRss)";
    process.kill({ cause: "memory", code: "memory", state: "KILLED", message });
    await child.exit({ signal: "SIGKILL" });
    expect(endings).toMatchObject({
      culprit: { kind: "died", state: "KILLED", failure: { code: "memory" } },
    });
    expect(JSON.stringify(endings["culprit"])).toContain(message);
    expect(told.returned).toEqual([["later", "last"]]);
  });

  test("just after it has replied has replied", async () => {
    await using workers = await createWorkers();
    const { child, culprit, process, endings } = await startBlocked(workers, []);
    const exited = child.exitKeepingLine({ code: 0 });
    child.reply(culprit);
    child.disconnect();
    await exited;
    await process.ended;
    expect(endings["culprit"]?.kind).toBe("replied");
  });
});
