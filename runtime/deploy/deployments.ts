import { join } from "node:path";
import type { Environment } from "../base/environment.ts";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type TaskSettings, toTaskSettings } from "../base/task_settings.ts";
import { defaultHostname, suggestHostname } from "../manifest/hostname.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { readManifest } from "../manifest/read.ts";
import type { Platform } from "../platform/platform.ts";
import type { Failure, TaskShape } from "../protocol/call.ts";
import { buildRelease, type Release } from "./release.ts";
import { logTaskFaults } from "./task_faults.ts";

/** What deployments need of the processes of a release. */
export interface Pool {
  readonly shapes: ReadonlyMap<string, TaskShape> | undefined;
  readonly startFailure: Failure | undefined;
  describe(): Promise<ReadonlyMap<string, TaskShape> | undefined>;
  /** Starts the processes that are kept without any request. */
  open(): void;
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** A release with its processes, ready for requests. */
export interface LiveRelease<P extends Pool> {
  readonly id: string;
  /** Of its deployment. */
  readonly hostname: string;
  readonly tasks: ReadonlyMap<string, { readonly name: string; readonly settings: TaskSettings }>;
  readonly pool: P;
  /** The folder its processes run from. */
  readonly files: Release;
}

/** One app in one environment, and the release its requests go to. */
export interface LiveDeployment<P extends Pool> {
  readonly hostname: string;
  readonly environment: Environment;
  readonly app: string;
  /** The author's folder. */
  readonly appDir: string;
  active: LiveRelease<P>;
}

/** What a pool is opened for. */
export interface PoolTarget {
  readonly release: Release;
  readonly manifest: Manifest;
  readonly appDir: string;
  readonly hostname: string;
}

/** What deployments are made of. */
export interface DeploymentsOptions<P extends Pool> {
  readonly appDirs: readonly string[];
  readonly environment: Environment;
  /** In place of the default of the only app. */
  readonly hostname: string | undefined;
  readonly dataDir: string;
  /** What wins over every manifest. */
  readonly overrides: Partial<TaskSettings>;
  readonly log: Log;
  readonly platform: Pick<Platform, "lockFolder">;
  /** Makes ready what the release needs, its database included; rejects when that is not possible. */
  openPool(target: PoolTarget): P | Promise<P>;
}

/** The deployments of a server: one per app folder. */
export class Deployments<P extends Pool> {
  readonly #options: DeploymentsOptions<P>;
  readonly #all: LiveDeployment<P>[] = [];
  /** Releases that serve no new requests: former ones finish what they run, the next is on trial. */
  readonly #aside = new Set<LiveRelease<P>>();
  #reloading: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(options: DeploymentsOptions<P>) {
    this.#options = options;
  }

  /**
   * Makes a release of every app and a deployment for each.
   * @throws {RuntimeError} `bad_manifest`, `bad_app` or `bad_hostname`.
   */
  static async open<P extends Pool>(options: DeploymentsOptions<P>): Promise<Deployments<P>> {
    if (options.hostname !== undefined && options.appDirs.length > 1) {
      const message =
        `Cannot give hostname "${options.hostname}" to ${options.appDirs.length} apps: ` +
        "serve one app, or leave --hostname out";
      throw new RuntimeError("bad_hostname", message);
    }
    const deployments = new Deployments<P>(options);
    for (const appDir of options.appDirs) deployments.#all.push(await deployments.#deploy(appDir));
    return deployments;
  }

  /** All of them, in the order their folders were given. */
  get all(): readonly LiveDeployment<P>[] {
    return this.#all;
  }

  /** Every release that may still run something. */
  get releases(): readonly LiveRelease<P>[] {
    return [...this.#all.map(({ active }) => active), ...this.#aside];
  }

  /** Their pools. */
  get pools(): readonly P[] {
    return this.releases.map(({ pool }) => pool);
  }

  /** Makes a new release of each app that has changed; one that is broken keeps its old one. */
  reload(): Promise<void> {
    const reload = this.#reloading.then(async () => {
      for (const deployment of this.#all) await this.#reloadOne(deployment);
    });
    this.#reloading = reload;
    return reload;
  }

  /** Ends every process, whatever it runs, and every reload under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#closePools();
    // A reload that was copying files has opened no pool since; one on trial has just lost its own.
    await this.#reloading;
    await this.#closePools();
  }

  async #closePools(): Promise<void> {
    await Promise.all(this.releases.map((release) => discard(release)));
  }

  async #deploy(appDir: string): Promise<LiveDeployment<P>> {
    const { environment } = this.#options;
    const manifest = await readManifest(appDir);
    const hostname = this.#options.hostname ?? defaultHostname(manifest.app, environment);
    this.#requireFree(hostname, appDir);
    const active = await this.#buildLive({ manifest, appDir, hostname });
    active.pool.open();
    return { hostname, environment, app: manifest.app, appDir, active };
  }

  #requireFree(hostname: string, appDir: string): void {
    const isTaken = (name: string) => this.#all.some((other) => other.hostname === name);
    if (!isTaken(hostname)) return;
    const suggestion = suggestHostname(hostname, { isTaken });
    const other = this.#all.find((other) => other.hostname === hostname)?.appDir;
    throw new RuntimeError(
      "bad_hostname",
      `Cannot use hostname "${hostname}" for "${appDir}": "${other}" has it: ` +
        `name the app otherwise, as "${suggestion}"`,
    );
  }

  async #buildLive(target: Omit<PoolTarget, "release">): Promise<LiveRelease<P>> {
    const { manifest, appDir, hostname } = target;
    const { log, platform, dataDir } = this.#options;
    const releasesDir = join(dataDir, "releases", hostname);
    const tasks = this.#tasksOf(manifest, appDir);
    const release = await buildRelease(appDir, { releasesDir, platform });
    if (release.isRepaired) {
      log.warn("release.repaired", { deployment: hostname, release: release.id });
    }
    const pool = await this.#openPool({ ...target, release });
    return { id: release.id, hostname, tasks, pool, files: release };
  }

  #tasksOf(manifest: Manifest, appDir: string): LiveRelease<P>["tasks"] {
    const { overrides } = this.#options;
    const web = manifest.tasks.filter(({ isWeb }) => isWeb);
    return new Map(web.map(({ name, given }) => {
      const owner = `task "${name}" of "${appDir}"`;
      return [name, { name, settings: toTaskSettings(given, overrides, { owner }) }];
    }));
  }

  async #openPool(target: PoolTarget): Promise<P> {
    try {
      return await this.#options.openPool(target);
    } catch (error) {
      target.release.unlock();
      throw error;
    }
  }

  async #reloadOne(deployment: LiveDeployment<P>): Promise<void> {
    const { hostname, appDir, app } = deployment;
    const { log } = this.#options;
    try {
      const manifest = await readManifest(appDir);
      if (manifest.app !== app) throw renamed(app, manifest.app);
      if (this.#isClosed) return;
      const next = await this.#buildLive({ manifest, appDir, hostname });
      this.#aside.add(next);
      if (this.#isClosed) return await this.#putAway(next);
      await this.#tryOut(next, deployment);
    } catch (error) {
      log.error("release.refused", { deployment: hostname, reason: messageOf(error) });
    }
  }

  /** Puts a release in place of the active one, when it is another and no worse. */
  async #tryOut(next: LiveRelease<P>, deployment: LiveDeployment<P>): Promise<void> {
    const { hostname, active } = deployment;
    const { log } = this.#options;
    // Of a repaired one, the processes may run what was there before.
    if (next.id === active.id && !next.files.isRepaired) {
      log.info("release.unchanged", { deployment: hostname, release: active.id });
      return await this.#putAway(next);
    }
    const failure = await this.#findFailure(next, active);
    if (this.#isClosed) return await this.#putAway(next);
    if (failure) {
      await this.#putAway(next);
      const reason = `Cannot use the changed app: ${failure.message}`;
      return log.error("release.refused", { deployment: hostname, reason, stack: failure.stack });
    }
    deployment.active = next;
    next.pool.open();
    this.#aside.delete(next);
    log.info("release.activated", { deployment: hostname, release: next.id });
    logTaskFaults(log, { deployment: hostname, shapes: next.pool.shapes });
    this.#retire(active);
  }

  /** A task that works in the active release must not be broken in the next. */
  async #findFailure(next: LiveRelease<P>, active: LiveRelease<P>): Promise<Failure | undefined> {
    const shapes = await next.pool.describe();
    if (!shapes) return next.pool.startFailure ?? unknownFailure;
    if ([...shapes.values()].every(({ kind }) => kind === "loaded")) return undefined;
    // Before its first request nobody knows what works in the active release.
    const former = active.pool.shapes ?? await active.pool.describe();
    return former && findLost(shapes, former);
  }

  #retire(former: LiveRelease<P>): void {
    this.#aside.add(former);
    void former.pool.drain().finally(() => {
      former.files.unlock();
      this.#aside.delete(former);
    });
  }

  async #putAway(refused: LiveRelease<P>): Promise<void> {
    await discard(refused);
    this.#aside.delete(refused);
  }
}

async function discard({ pool, files }: LiveRelease<Pool>): Promise<void> {
  await pool.close();
  files.unlock();
}

const unknownFailure: Failure = {
  code: "start_failed",
  message: "its process did not start",
  stack: undefined,
  publicMessage: undefined,
};

/** A task that is new or was broken before takes nothing from anybody: the others get their code. */
function findLost(
  next: ReadonlyMap<string, TaskShape>,
  active: ReadonlyMap<string, TaskShape>,
): Failure | undefined {
  for (const [name, shape] of next) {
    if (shape.kind === "broken" && active.get(name)?.kind === "loaded") return shape.failure;
  }
  return undefined;
}

function renamed(from: string, to: string): RuntimeError {
  return new RuntimeError(
    "bad_manifest",
    `Cannot rename app "${from}" to "${to}" while it is served: restart to use the new name`,
  );
}
