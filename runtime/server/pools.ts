import { availableParallelism } from "node:os";
import { systemClock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ProcessSettings, Settings } from "../config/config.ts";
import type { Migration } from "../database/migrator.ts";
import { prepareDatabase } from "../database/prepare.ts";
import type { PoolTarget } from "../deploy/deployments.ts";
import type { Platform } from "../platform/platform.ts";
import { workerEnvironment } from "../pool/environment.ts";
import { MemoryGroups } from "../pool/memory_groups.ts";
import type { PoolSettings } from "../pool/pool_settings.ts";
import { ReleasePool } from "../pool/release_pool.ts";
import { StartTurns } from "../pool/start_turns.ts";
import type { WorkerHub } from "../pool/worker_hub.ts";
import type { DatabaseFacts } from "../protocol/messages.ts";
import type { Recorder } from "../protocol/records.ts";
import { Migrations } from "./migrations.ts";

/** Where no setting says how many processes share the requests of a deployment at most. */
const processesPerProcessor = 2;
/** More starts at once would not be over sooner; some attempts may be due at the same time. */
const startsPerProcessor = 4;
const leastStarts = 8;

/** What all pools of a server have in common. */
export interface PoolsOptions {
  readonly platform: Platform;
  readonly settings: Settings;
  readonly hub: WorkerHub;
  readonly log: Log;
  readonly recorder: Recorder;
}

/** Opens the processes of each release. */
export class Pools {
  readonly #options: PoolsOptions;
  readonly #memoryGroups: MemoryGroups | undefined;
  readonly #migrations: Migrations;
  readonly #turns = new StartTurns(
    Math.max(leastStarts, availableParallelism() * startsPerProcessor),
  );

  constructor(options: PoolsOptions) {
    this.#options = options;
    this.#memoryGroups = openMemoryGroups(options.settings.processes.maxRssBytes, options.log);
    const env = workerEnvironment(options.platform.env, {});
    this.#migrations = new Migrations(options.platform, env);
  }

  /** Makes ready what a release needs, its database included; rejects when that is not possible. */
  async open(target: PoolTarget): Promise<ReleasePool> {
    const { platform, settings, hub, log, recorder } = this.#options;
    const { dataDir, environment, processes, taskEnv } = settings;
    const migrations = this.#migrations;
    const database = await openDatabase(target, { dataDir, log, migrations });
    return new ReleasePool({
      ...{ platform, hub, log, memoryGroups: this.#memoryGroups, turns: this.#turns },
      clock: systemClock,
      env: workerEnvironment(platform.env, taskEnv),
      boot: { ...toBoot(target, environment), database },
      settings: toPoolSettings(processes),
      onOutput: (output) => recorder.output(output),
      onProcessEnded: () => {},
    });
  }

  /** Ends what makes releases ready; opening another rejects. */
  close(): void {
    this.#migrations.close();
  }
}

/** Where control groups are not ours to make, the pools watch over memory alone. */
function openMemoryGroups(maxRssBytes: number, log: Log): MemoryGroups | undefined {
  try {
    return MemoryGroups.open(maxRssBytes);
  } catch (error) {
    log.warn("memory.groups_refused", { reason: messageOf(error) });
    return undefined;
  }
}

function toPoolSettings(processes: ProcessSettings): PoolSettings {
  const { min, max, maxAttempt, maxOverdue, concurrency, ...rest } = processes;
  return {
    ...rest,
    minProcesses: min,
    maxProcesses: max ?? Math.max(min, availableParallelism() * processesPerProcessor),
    maxAttemptProcesses: maxAttempt,
    maxOverdueProcesses: maxOverdue,
    processConcurrency: concurrency,
  };
}

/** Brings the database of a deployment up to the schema of a release, before that runs. */
async function openDatabase(
  { release, appDir, hostname }: PoolTarget,
  { dataDir, log, migrations }: {
    readonly dataDir: string;
    readonly log: Log;
    readonly migrations: Migrations;
  },
): Promise<DatabaseFacts> {
  const migrate = (migration: Migration) => {
    log.info("database.migrating", { deployment: hostname });
    return migrations.run(migration);
  };
  const options = { dir: release.dir, sourceDir: appDir, dataDir, hostname, migrate };
  const { dir, dataModel = null, warnings } = await prepareDatabase(options);
  for (const { file, line, message } of warnings) {
    log.warn("schema.ignored", { deployment: hostname, place: `${file}:${line}`, message });
  }
  return { dir, dataModel };
}

function toBoot({ release, manifest, appDir, hostname }: PoolTarget, environment: string) {
  const web = manifest.tasks.filter(({ isWeb }) => isWeb);
  return {
    dir: release.dir,
    sourceDir: appDir,
    tasks: Object.fromEntries(web.map(({ name, file }) => [name, file])),
    deployment: { hostname, environment, app: manifest.app },
  };
}
