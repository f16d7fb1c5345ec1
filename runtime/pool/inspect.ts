import { systemClock } from "../base/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { TaskShape } from "../protocol/call.ts";
import type { TaskOutput } from "../protocol/records.ts";
import { workerEnvironment } from "./environment.ts";
import { ReleasePool } from "./release_pool.ts";
import { WorkerHub } from "./worker_hub.ts";

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
  const hub = await WorkerHub.open(platform, log);
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
    settings: { maxProcesses: 1, processConcurrency: 1, maxQueue: 1 },
    onOutput,
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
