import { describe, expect, test } from "bun:test";
import type { Clock } from "../../runtime/base/clock.ts";
import { silentLog } from "../../runtime/base/log.ts";
import type { PoolSettings } from "../../runtime/pool/pool_settings.ts";
import { Upkeep } from "../../runtime/pool/upkeep.ts";
import type { WorkerProcess } from "../../runtime/pool/worker_process.ts";
import { settings } from "./created_pool.ts";
import { createWorkers, type FakeWorkers, turn } from "./fake_workers.ts";
import { startProcess } from "./started_process.ts";

const mib = 2 ** 20;

/** The upkeep of one process that is ready, which tells what it does. */
function createUpkeep(workers: FakeWorkers, options: Partial<PoolSettings> = {}) {
  const started = startProcess(workers);
  const { clock, process, child } = started;
  child.connect();
  const retired: (readonly [pid: number, cause: string])[] = [];
  const state = {
    isSpare: true,
    mayRecycle: true,
    rssBytes: 10 * mib,
    processes: [process],
    sleptMs: 0,
    looks: 0,
  };
  /** The clock of a process that sleeps at times, and finds its timers late then. */
  const ownClock: Clock = {
    monotonicMs: () => clock.monotonicMs() + state.sleptMs,
    wallMs: () => clock.wallMs() + state.sleptMs,
    after: (delayMs, callback) =>
      clock.after(delayMs, () => {
        state.looks += 1;
        callback();
      }),
  };
  const recycled: number[] = [];
  /** What is to be done for a process that was at work. */
  const onRecycled: (() => void)[] = [];
  const upkeep = new Upkeep({
    clock: ownClock,
    settings: { ...settings, ...options },
    readRss: () => state.rssBytes,
    processes: (): readonly WorkerProcess[] => state.processes,
    isSpare: () => state.isSpare,
    mayRecycle: () => state.mayRecycle,
    log: silentLog,
    onRecycled() {
      recycled.push(process.pid);
      for (const action of onRecycled) action();
    },
  });
  // It stays as it is, so that a test can look at what comes next.
  process.retire = (cause) => void retired.push([process.pid, cause ?? "retired"]);
  upkeep.wake(false);
  return { ...started, upkeep, retired, recycled, state, onRecycled };
}

describe("Upkeep of a process without anything to do", () => {
  test("retires it after its time, where it is spare", async () => {
    await using workers = await createWorkers();
    const { clock, child, retired } = createUpkeep(workers, { idleMs: 5_000 });
    clock.advance(4_999);
    expect(retired).toEqual([]);
    clock.advance(1_000);
    expect(retired).toEqual([[child.pid, "idle"]]);
  });

  test("keeps it while it is not spare", async () => {
    await using workers = await createWorkers();
    const { clock, state, retired } = createUpkeep(workers, { idleMs: 5_000 });
    state.isSpare = false;
    clock.advance(60_000);
    expect(retired).toEqual([]);
  });

  test("counts from when its last call ended", async () => {
    await using workers = await createWorkers();
    const { clock, child, run, recycled, retired } = createUpkeep(workers, { idleMs: 5_000 });
    const id = run("call");
    await turn();
    clock.advance(60_000);
    expect(retired).toEqual([]);
    child.reply(id);
    clock.advance(4_000);
    expect(retired).toEqual([]);
    clock.advance(2_000);
    expect([retired, recycled]).toEqual([[[child.pid, "idle"]], []]);
  });
});

describe("Upkeep of a process that wears out", () => {
  test("keeps it while it may not be replaced", async () => {
    await using workers = await createWorkers();
    const { clock, retired, state } = createUpkeep(workers, { maxAgeMs: 1_000 });
    state.mayRecycle = false;
    clock.advance(10_000);
    expect(retired).toEqual([]);
    state.mayRecycle = true;
    clock.advance(1_000);
    expect(retired.map(([, cause]) => cause)).toEqual(["worn"]);
  });

  test("retires it after so many calls", async () => {
    await using workers = await createWorkers();
    const { clock, child, run, recycled, retired } = createUpkeep(workers, { maxInvocations: 2 });
    run("first");
    clock.advance(2_000);
    expect(retired).toEqual([]);
    run("second");
    clock.advance(1_000);
    expect(retired.map(([, cause]) => cause)).toEqual(["worn"]);
    // It was at work, so that somebody has to see to its successor.
    expect(recycled).toEqual([child.pid]);
  });

  test("retires it at its age", async () => {
    await using workers = await createWorkers();
    const { clock, retired } = createUpkeep(workers, { maxAgeMs: 10_000 });
    clock.advance(9_999);
    expect(retired).toEqual([]);
    clock.advance(1_000);
    expect(retired.map(([, cause]) => cause)).toEqual(["worn"]);
  });

  test("retires it above its memory to recycle, and not at it", async () => {
    await using workers = await createWorkers();
    const { clock, child, state, retired } = createUpkeep(workers, { recycleRssBytes: 50 * mib });
    state.rssBytes = 50 * mib;
    clock.advance(2_000);
    expect(retired).toEqual([]);
    state.rssBytes = 50 * mib + 1;
    clock.advance(1_000);
    expect([retired, child.signals]).toEqual([[[child.pid, "memory"]], []]);
  });

  test("kills it above its limit, with that reason for all it runs", async () => {
    await using workers = await createWorkers();
    const all = createUpkeep(workers, { recycleRssBytes: 50 * mib, maxRssBytes: 100 * mib });
    const { clock, child, state, run, retired, endings, told } = all;
    run("call");
    await turn();
    state.rssBytes = 150 * mib;
    clock.advance(1_100);
    expect([retired, child.signals.slice(0, 2)]).toEqual([[], ["SIGTERM", "SIGKILL"]]);
    await child.exit({ signal: "SIGKILL" });
    const message = "The process of the task ended with signal SIGKILL: " +
      "memory: it used 150 of at most 100 MiB (maxRss)";
    expect(endings).toMatchObject({
      call: { kind: "died", state: "KILLED", failure: { code: "memory", message } },
    });
    expect(told.ended).toMatchObject([{ cause: "memory" }]);
  });

  test("lets one live whose memory is not known", async () => {
    await using workers = await createWorkers();
    const { child, process, clock } = startProcess(workers);
    const upkeep = new Upkeep({
      clock,
      settings: { ...settings, recycleRssBytes: 1, maxRssBytes: 1 },
      readRss: () => undefined,
      processes: () => [process],
      isSpare: () => false,
      mayRecycle: () => true,
      log: silentLog,
      onRecycled() {},
    });
    child.connect();
    upkeep.wake(false);
    clock.advance(5_000);
    expect([process.state, child.signals]).toEqual(["ready", []]);
    upkeep.stop();
  });
});

describe("Upkeep of a process that runs something", () => {
  test("finds it blocked within 900 ms, once it has been woken", async () => {
    await using workers = await createWorkers();
    const { clock, child, process, run, upkeep } = createUpkeep(workers);
    run("call");
    upkeep.wake(true);
    await turn();
    clock.advance(1_234);
    child.isBlocked = true;
    clock.advance(900);
    expect(process.state).toBe("stalled");
    child.isBlocked = false;
    child.send({ kind: "pong" });
    clock.advance(100);
    expect(process.state).toBe("ready");
  });

  test("takes no silence for a block that it has slept through itself", async () => {
    await using workers = await createWorkers();
    const { clock, child, process, run, state, upkeep } = createUpkeep(workers);
    run("call");
    upkeep.wake(true);
    await turn();
    clock.advance(100);
    // Its answers come, and nobody reads them for a while.
    child.isBlocked = true;
    clock.advance(300);
    clock.advance(99);
    state.sleptMs = 2_000;
    clock.advance(1);
    expect(process.state).toBe("ready");
    child.send({ kind: "pong" });
    clock.advance(100);
    expect(process.state).toBe("ready");
    clock.advance(400);
    expect(process.state).toBe("ready");
  });
});

describe("Upkeep", () => {
  test("looks every 100 ms while something runs, and every second otherwise", async () => {
    await using workers = await createWorkers();
    const { clock, child, run, state, upkeep } = createUpkeep(workers);
    const id = run("call");
    upkeep.wake(true);
    await turn();
    state.looks = 0;
    clock.advance(3_000);
    expect(state.looks).toBe(30);
    child.reply(id);
    clock.advance(100);
    state.looks = 0;
    clock.advance(3_000);
    expect(state.looks).toBe(3);
    upkeep.stop();
    expect(clock.pending).toBe(0);
  });

  test("wakes to one look at a time, however often it is woken", async () => {
    await using workers = await createWorkers();
    const { clock, upkeep } = createUpkeep(workers);
    for (const isBusy of [false, true, false, true]) upkeep.wake(isBusy);
    expect(clock.pending).toBe(1);
  });

  test("wakes to one look at a time when a look leads to the start of a process", async () => {
    await using workers = await createWorkers();
    const { clock, upkeep, onRecycled, recycled, run } = createUpkeep(workers, {
      maxAgeMs: 1_000,
    });
    onRecycled.push(() => upkeep.wake(false));
    run("call");
    await turn();
    clock.advance(5_500);
    expect(recycled.length).toBeGreaterThan(3);
    expect(clock.pending).toBe(1);
    upkeep.stop();
    expect(clock.pending).toBe(0);
  });

  test("ends with the last process, and may be stopped at any time", async () => {
    await using workers = await createWorkers();
    const { clock, upkeep, state } = createUpkeep(workers);
    state.processes = [];
    clock.advance(1_000);
    expect(clock.pending).toBe(0);
    upkeep.stop();
    upkeep.stop();
    upkeep.wake(true);
    expect(clock.pending).toBe(1);
    upkeep.stop();
    expect(clock.pending).toBe(0);
  });
});
