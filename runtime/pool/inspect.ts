import { systemClock } from "../base/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { TaskShape } from "../protocol/call.ts";
import type { TaskOutput } from "../protocol/records.ts";
import { workerEnvironment } from "./environment.ts";
import type { PoolSettings } from "./pool_settings.ts";
import { ReleasePool } from "./release_pool.ts";
import { StartTurns } from "./start_turns.ts";
import { WorkerHub } from "./worker_hub.ts";

/** One process at a time, which runs nothing and lives only to tell. */
const scratch: PoolSettings = {
  minProcesses: 0,
  maxProcesses: 1,
  maxAttemptProcesses: 1,
  maxOverdueProcesses: 0,
  processConcurrency: 1,
  maxQueue: 1,
  idleMs: Infinity,
  maxInvocations: Infinity,
  maxAgeMs: Infinity,
  recycleRssBytes: Infinity,
  maxRssBytes: Infinity,
};

/** What to look at, and in which surroundings. */
export interface InspectOptions {
  readonly platform: Platform;
  readonly log: Log;
  readonly appDir: string;
  readonly tasks: readonly { readonly name: string; readonly file: string }[];
  readonly env: Readonly<Record<string, string>>;
  /** The data model of the app as JSON, `null` when it has none; there is no database to go with it. */
  readonly dataModel?: unknown;
  /** Told what the tasks print while they load. */
  readonly onOutput?: (output: TaskOutput) => void;
}

/**
 * Loads tasks in a scratch worker and tells what each exports.
 * @throws {RuntimeError} `worker_failed` when no worker lives long enough to tell.
 */
export async function inspectTasks(
  options: InspectOptions,
): Promise<ReadonlyMap<string, TaskShape>> {
  const { platform, log, appDir, tasks, dataModel = null, onOutput = () => {} } = options;
  const hub = await WorkerHub.open(platform, { log, clock: systemClock });
  const pool = new ReleasePool({
    platform,
    hub,
    log,
    clock: systemClock,
    env: workerEnvironment(platform.env, options.env),
    boot: {
      dir: appDir,
      sourceDir: appDir,
      tasks: Object.fromEntries(tasks.map(({ name, file }) => [name, file])),
      deployment: { hostname: "check", environment: "testing", app: "check" },
      database: { dir: null, dataModel },
    },
    settings: scratch,
    turns: new StartTurns(scratch.maxProcesses),
    memoryGroups: undefined,
    onOutput,
    onProcessEnded: () => {},
  });
  try {
    const shapes = await pool.describe();
    if (shapes) return shapes;
    const { message = "no reason known", stack = "" } = pool.startFailure ?? {};
    throw new RuntimeError("worker_failed", `Cannot load the tasks: ${message}\n${stack}`.trim());
  } finally {
    await pool.close();
    await hub.close();
  }
}
