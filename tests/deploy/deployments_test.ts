import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Log, LogFields } from "../../runtime/base/log.ts";
import { silentLog } from "../../runtime/base/log.ts";
import {
  Deployments,
  type DeploymentsOptions,
  type Pool,
  type PoolTarget,
} from "../../runtime/deploy/deployments.ts";
import { platform } from "../../runtime/platform/bun.ts";
import type { Failure, TaskShape } from "../../runtime/protocol/call.ts";
import { createTempFolder, type TempFolder } from "../temp_folder.ts";

const loaded: TaskShape = { kind: "loaded", methods: ["GET"], hasAuthenticate: true };
const failure: Failure = {
  code: "load_failed",
  message: "Cannot load it",
  stack: "Error: no\n    at hello.ts:1",
  publicMessage: undefined,
};
const broken: TaskShape = { kind: "broken", failure };

/** The processes of a release, which end when the test says so. */
class FakePool implements Pool {
  readonly target: PoolTarget;
  readonly events: string[] = [];
  isOpen = false;
  readonly drained = Promise.withResolvers<void>();
  readonly closed = Promise.withResolvers<void>();
  startFailure: Failure | undefined;
  shapes: ReadonlyMap<string, TaskShape> | undefined;

  constructor(target: PoolTarget, shapes: ReadonlyMap<string, TaskShape> | undefined) {
    this.target = target;
    this.shapes = shapes;
    if (!shapes) this.startFailure = failure;
  }

  describe(): Promise<ReadonlyMap<string, TaskShape> | undefined> {
    this.events.push("describe");
    return Promise.resolve(this.shapes);
  }

  open(): void {
    this.isOpen = true;
  }

  drain(): Promise<void> {
    this.events.push("drain");
    return this.drained.promise;
  }

  close(): Promise<void> {
    this.events.push("close");
    this.closed.resolve();
    return Promise.resolve();
  }
}

function manifestOf(app: string, tasks: Record<string, unknown> = { hello: { web: true } }) {
  return JSON.stringify({ app, version: "1.15", tasks });
}

const acme = { "acme/cloudcode.json": manifestOf("acme"), "acme/hello.ts": "1" };
const globex = { "globex/cloudcode.json": manifestOf("globex"), "globex/hello.ts": "1" };

async function open(
  folder: TempFolder,
  options: Partial<DeploymentsOptions<FakePool>> & { readonly apps?: readonly string[] } = {},
) {
  const { apps = ["acme"], ...others } = options;
  const logged: (readonly [string, LogFields | undefined])[] = [];
  const log: Log = {
    ...silentLog,
    info: (event, fields) => void logged.push([event, fields]),
    warn: (event, fields) => void logged.push([event, fields]),
    error: (event, fields) => void logged.push([event, fields]),
  };
  const pools: FakePool[] = [];
  /** What the next pools find out about their tasks. */
  const next: {
    shapes: ReadonlyMap<string, TaskShape> | undefined;
    describe?: FakePool["describe"];
  } = { shapes: new Map([["hello", loaded]]) };
  const deployments = await Deployments.open<FakePool>({
    appDirs: apps.map((app) => join(folder.path, app)),
    environment: "testing",
    hostname: undefined,
    dataDir: join(folder.path, "data"),
    overrides: {},
    log,
    platform,
    openPool(target) {
      const pool = new FakePool(target, next.shapes);
      if (next.describe) pool.describe = next.describe;
      pools.push(pool);
      return pool;
    },
    ...others,
  });
  return { deployments, pools, next, logged };
}

function refusalOf(opening: Promise<unknown>) {
  return opening.then(() => {
    throw new Error("Cannot find a refusal: it was opened");
  }, (error) => error);
}

describe("Deployments.open()", () => {
  test("makes a deployment of every app, and has its pool keep what it is to keep", async () => {
    await using folder = await createTempFolder({ ...acme, ...globex });
    const { deployments, pools } = await open(folder, { apps: ["globex", "acme"] });
    expect(deployments.all.map(({ hostname, app, environment }) => [hostname, app, environment]))
      .toEqual([["globex-testing", "globex", "testing"], ["acme-testing", "acme", "testing"]]);
    expect(deployments.pools).toEqual(pools);
    expect(pools.map(({ events, isOpen }) => [events, isOpen])).toEqual([[[], true], [[], true]]);
    expect(pools[1]?.target).toMatchObject({
      hostname: "acme-testing",
      appDir: join(folder.path, "acme"),
      release: {
        dir: join(folder.path, "data/releases/acme-testing", deployments.all[1]?.active.id ?? ""),
      },
    });
  });

  test("lets go of the copy of a release that no processes can be had for", async () => {
    await using folder = await createTempFolder(acme);
    const dirs: string[] = [];
    const openPool = ({ release }: PoolTarget) => {
      dirs.push(release.dir);
      return Promise.reject(new Error("no database"));
    };
    expect(String(await refusalOf(open(folder, { openPool })))).toContain("no database");
    const lock = platform.lockFolder(dirs[0] ?? "", "alone");
    expect(lock).toBeDefined();
    lock?.unlock();
  });

  test("serves web tasks only, with their settings", async () => {
    const tasks = { hello: { web: true, timeout: "5s" }, nightly: { web: false } };
    await using folder = await createTempFolder({
      "acme/cloudcode.json": manifestOf("acme", tasks),
      "acme/hello.ts": "",
      "acme/nightly.ts": "",
    });
    const { deployments } = await open(folder, { overrides: { deadlineMs: 7_000 } });
    const { active } = deployments.all[0] ?? {};
    expect([...active?.tasks.keys() ?? []]).toEqual(["hello"]);
    expect(active?.tasks.get("hello")).toMatchObject({
      name: "hello",
      settings: { timeoutMs: 5_000, deadlineMs: 7_000, maxBodyBytes: 5 * 2 ** 20 },
    });
  });

  test("names the task that flags contradict, and copies nothing of its app", async () => {
    await using folder = await createTempFolder(acme);
    const refused = await refusalOf(open(folder, { overrides: { timeoutMs: 600_000 } }));
    expect(refused).toMatchObject({
      code: "bad_setting",
      message: `Cannot serve task "hello" of "${join(folder.path, "acme")}" with the flags and ` +
        "variables given: the deadline (180s) is over before the timeout (600s): " +
        "lower timeout or raise deadline",
    });
    expect(await readdir(folder.path)).toEqual(["acme"]);
  });

  test("gives the only app the hostname asked for", async () => {
    await using folder = await createTempFolder({ ...acme, ...globex });
    const { deployments } = await open(folder, { hostname: "shop" });
    expect(deployments.all.map(({ hostname }) => hostname)).toEqual(["shop"]);
    const refused = await refusalOf(open(folder, { hostname: "shop", apps: ["acme", "globex"] }));
    expect(refused).toMatchObject({ code: "bad_hostname" });
  });

  test("refuses a hostname twice, with who has it and another that is free", async () => {
    await using folder = await createTempFolder({
      ...acme,
      "copy/cloudcode.json": manifestOf("acme"),
      "copy/hello.ts": "",
    });
    const refused = await refusalOf(open(folder, { apps: ["acme", "copy"] }));
    expect(refused).toMatchObject({ code: "bad_hostname" });
    expect(refused.message).toContain(`"${join(folder.path, "acme")}" has it`);
    expect(refused.message).toMatch(/as "[a-z0-9-]+"$/);
  });

  test.each([
    ["without a manifest", {}, "bad_manifest"],
    ["with a bad one", { "acme/cloudcode.json": "{" }, "bad_manifest"],
  ])("refuses an app %s", async (_what, files, code) => {
    await using folder = await createTempFolder({ ...files });
    expect(await refusalOf(open(folder))).toMatchObject({ code });
  });
});

describe("Deployments.reload()", () => {
  test("leaves an app alone that has not changed", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, pools, logged } = await open(folder);
    const { active } = deployments.all[0] ?? {};
    await deployments.reload();
    expect(deployments.all[0]?.active).toBe(active);
    expect([pools[0]?.events, pools[1]?.events]).toEqual([[], ["close"]]);
    const fields = { deployment: "acme-testing", release: active?.id };
    expect(logged).toEqual([["release.unchanged", fields]]);
    expect(deployments.pools).toEqual(pools.slice(0, 1));
  });

  test("checks the new release, swaps, and drains the old one", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, pools, logged } = await open(folder);
    const [deployment] = deployments.all;
    const before = deployment?.active.id;
    await folder.write({ "acme/hello.ts": "2" });
    await deployments.reload();
    const [old, fresh] = pools;
    if (!old || !fresh) throw new Error("Cannot find two pools");
    expect([old.events, fresh.events, fresh.isOpen]).toEqual([["drain"], ["describe"], true]);
    expect(deployments.all[0]).toBe(deployment);
    expect(deployment?.active.id).not.toBe(before ?? "");
    expect([deployment?.active.pool, deployments.pools]).toEqual([fresh, [fresh, old]]);
    expect(logged).toMatchObject([["release.activated", { deployment: "acme-testing" }]]);
    old.drained.resolve();
    await new Promise(setImmediate);
    expect(deployments.pools).toEqual([fresh]);
  });

  test("follows the manifest", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments } = await open(folder);
    const tasks = { hello: { web: true, timeout: "1s" }, more: { web: true } };
    await folder.write({ "acme/cloudcode.json": manifestOf("acme", tasks), "acme/more.ts": "" });
    await deployments.reload();
    const served = deployments.all[0]?.active.tasks;
    expect([...served?.keys() ?? []].sort()).toEqual(["hello", "more"]);
    expect(served?.get("hello")?.settings.timeoutMs).toBe(1_000);
  });

  const unread = { "acme/cloudcode.json": "{" };
  const renamed = { "acme/cloudcode.json": manifestOf("other") };
  const changed = { "acme/hello.ts": "x" };
  const allBroken = new Map([["hello", broken]]);
  const refusals: readonly (readonly [
    what: string,
    files: Readonly<Record<string, string>>,
    shapes: ReadonlyMap<string, TaskShape> | undefined,
    reason: string,
    events: string[] | undefined,
  ])[] = [
    ["whose manifest is broken", unread, undefined, "Cannot read the manifest", undefined],
    ["that has another name", renamed, undefined, "Cannot rename app", undefined],
    ["whose task broke", changed, allBroken, "at hello.ts:1", ["describe", "close"]],
    ["that starts no process", changed, undefined, "Cannot load it", ["describe", "close"]],
  ];

  test.each(refusals)(
    "keeps what it has of an app %s",
    async (_what, files, shapes, reason, events) => {
      await using folder = await createTempFolder(acme);
      const { deployments, pools, next, logged } = await open(folder);
      const { active } = deployments.all[0] ?? {};
      await folder.write(files);
      if (pools[0]) pools[0].shapes = new Map([["hello", loaded]]);
      next.shapes = shapes;
      await deployments.reload();
      expect(deployments.all[0]?.active).toBe(active);
      expect([pools[0]?.events, pools[1]?.events]).toEqual([[], events]);
      expect(logged).toMatchObject([["release.refused", { deployment: "acme-testing" }]]);
      expect(JSON.stringify(logged)).toContain(reason);
    },
  );

  test("takes up one app where another is refused", async () => {
    await using folder = await createTempFolder({ ...acme, ...globex });
    const { deployments, logged } = await open(folder, { apps: ["acme", "globex"] });
    await folder.write({ ...unread, "globex/hello.ts": "2" });
    await deployments.reload();
    expect(logged.map(([event, fields]) => [event, fields?.["deployment"]])).toEqual([
      ["release.refused", "acme-testing"],
      ["release.activated", "globex-testing"],
    ]);
  });

  test("takes an app whose broken task was broken before", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, pools, next } = await open(folder);
    const [first] = pools;
    if (first) first.shapes = new Map([["hello", broken]]);
    next.shapes = new Map([["hello", broken]]);
    await folder.write({ "acme/hello.ts": "2" });
    await deployments.reload();
    expect(deployments.all[0]?.active.pool).toBe(pools[1]);
  });

  test("takes an app whose new task is broken, and names that task", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, pools, next, logged } = await open(folder);
    next.shapes = new Map<string, TaskShape>([["hello", loaded], ["more", broken]]);
    const tasks = { hello: { web: true }, more: { web: true } };
    await folder.write({ "acme/cloudcode.json": manifestOf("acme", tasks), "acme/more.ts": "" });
    await deployments.reload();
    expect(deployments.all[0]?.active.pool).toBe(pools[1]);
    expect([...deployments.all[0]?.active.tasks.keys() ?? []]).toEqual(["hello", "more"]);
    expect(logged).toMatchObject([
      ["release.activated", { deployment: "acme-testing" }],
      ["task.broken", { deployment: "acme-testing", task: "more", reason: "Cannot load it" }],
    ]);
  });

  test("replaces the processes of a release whose copy was tampered with, and says so", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, pools, logged } = await open(folder);
    const { id = "" } = deployments.all[0]?.active ?? {};
    await folder.write({ [`data/releases/acme-testing/${id}/hello.ts`]: "tampered" });
    await deployments.reload();
    expect(deployments.all[0]?.active).toMatchObject({ id, pool: pools[1] });
    expect(logged).toEqual([
      ["release.repaired", { deployment: "acme-testing", release: id }],
      ["release.activated", { deployment: "acme-testing", release: id }],
    ]);
  });

  test("keeps the folder of a former release as long as it runs something", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, pools } = await open(folder);
    const { id = "" } = deployments.all[0]?.active ?? {};
    const isThere = async () =>
      (await readdir(join(folder.path, "data/releases/acme-testing"))).includes(id);
    const changeOften = async (from: number) => {
      for (let version = from; version < from + 6; version++) {
        await folder.write({ "acme/hello.ts": `version ${version}` });
        await deployments.reload();
      }
    };
    await changeOften(1);
    for (const pool of pools.slice(1)) pool.drained.resolve();
    await changeOften(10);
    expect(await isThere()).toBe(true);
    pools[0]?.drained.resolve();
    for (const pool of pools) pool.drained.resolve();
    await changeOften(20);
    expect(await isThere()).toBe(false);
  });

  test("asks what worked so far where nobody knows yet", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, pools, next } = await open(folder);
    const [first] = pools;
    if (!first) throw new Error("Cannot find a pool");
    first.shapes = undefined;
    first.describe = () => {
      first.events.push("describe");
      first.shapes = new Map([["hello", broken]]);
      return Promise.resolve(first.shapes);
    };
    next.shapes = new Map([["hello", broken]]);
    await folder.write({ "acme/hello.ts": "2" });
    await deployments.reload();
    expect(deployments.all[0]?.active.pool).toBe(pools[1]);
    expect(first.events).toEqual(["describe", "drain"]);
  });

  test("tells of a broken task once, its stack apart", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, next, logged } = await open(folder);
    next.shapes = allBroken;
    await folder.write(changed);
    await deployments.reload();
    expect(logged).toEqual([["release.refused", {
      deployment: "acme-testing",
      reason: "Cannot use the changed app: Cannot load it",
      stack: failure.stack,
    }]]);
  });

  test("runs one after the other", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, pools } = await open(folder);
    await folder.write({ "acme/hello.ts": "2" });
    await Promise.all([deployments.reload(), deployments.reload(), deployments.reload()]);
    expect(pools.map(({ events }) => events)).toEqual([
      ["drain"],
      ["describe"],
      ["close"],
      ["close"],
    ]);
  });
});

test("Deployments.close() ends every process, those of former releases too", async () => {
  await using folder = await createTempFolder(acme);
  const { deployments, pools } = await open(folder);
  await folder.write({ "acme/hello.ts": "2" });
  await deployments.reload();
  await deployments.close();
  expect(pools.map(({ events }) => events.at(-1))).toEqual(["close", "close"]);
});

describe("Deployments.close() during a reload", () => {
  test("ends the processes of the release on trial, and activates nothing", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, pools, next, logged } = await open(folder);
    const [old] = pools;
    await folder.write({ "acme/hello.ts": "2" });
    const isOnTrial = Promise.withResolvers<void>();
    // Its process is still starting: only the end of it ends the wait.
    next.describe = () => {
      isOnTrial.resolve();
      return pools.at(-1)?.closed.promise.then(() => undefined) ?? Promise.resolve(undefined);
    };
    const reloaded = deployments.reload();
    await isOnTrial.promise;
    const closed = deployments.close();
    await Promise.all([reloaded, closed]);
    expect(deployments.all[0]?.active.pool).toBe(old);
    expect(pools.map(({ events }) => events.includes("close"))).toEqual([true, true]);
    expect(logged).toEqual([]);
  });

  test("opens no processes for a release that was being copied", async () => {
    await using folder = await createTempFolder(acme);
    const { deployments, pools } = await open(folder);
    await folder.write({ "acme/hello.ts": "2" });
    const reloaded = deployments.reload();
    await Promise.all([deployments.close(), reloaded]);
    await deployments.reload();
    expect(pools.map(({ events }) => events.includes("close"))).not.toContain(false);
    expect(pools.flatMap(({ events }) => events)).not.toContain("describe");
  });
});
