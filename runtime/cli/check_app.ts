import { join } from "node:path";
import { RuntimeError } from "../base/errors.ts";
import { builtInTaskSettings, type TaskSettings } from "../base/task_settings.ts";
import { formatDuration, formatSize } from "../base/units.ts";
import { findImportWarnings, type ImportWarning } from "../manifest/import_warnings.ts";
import type { Manifest, ManifestTask } from "../manifest/manifest.ts";
import { formatProblem } from "../manifest/problems.ts";
import { inspectManifest } from "../manifest/read.ts";

/** What `check` found out about an app; its JSON is a stable format. */
export interface AppReport {
  readonly dir: string;
  /** `null` when the manifest cannot be read. */
  readonly app: string | null;
  readonly version: string | null;
  readonly tasks: readonly TaskReport[];
  /** What keeps the app from being served as it is meant, one sentence each. */
  readonly problems: readonly string[];
  readonly warnings: readonly ImportWarning[];
}

/** What `check` found out about a task. */
export interface TaskReport {
  readonly name: string;
  readonly file: string;
  readonly web: boolean;
  readonly methods: readonly string[];
  readonly authenticate: boolean;
  /** The settings that differ from the built-in ones, as the manifest writes them. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What a task turned out to export, or why it could not be loaded. */
export type LoadedTask =
  | {
    readonly kind: "loaded";
    readonly methods: readonly string[];
    readonly hasAuthenticate: boolean;
  }
  | { readonly kind: "broken"; readonly failure: { readonly message: string } };

/** Loads tasks where they can do no harm, and tells what they export. */
export type Inspect = (
  appDir: string,
  tasks: readonly { readonly name: string; readonly file: string }[],
) => Promise<ReadonlyMap<string, LoadedTask>>;

/** Checks an app: manifest, then imports, then each task in a process of its own. */
export async function checkApp(appDir: string, inspect: Inspect): Promise<AppReport> {
  const result = await inspectManifest(appDir);
  if (result.kind === "refused") {
    const problems = result.problems.map(formatProblem);
    return { dir: appDir, app: null, version: null, tasks: [], problems, warnings: [] };
  }
  return await checkTasks(appDir, { manifest: result.manifest, inspect });
}

async function checkTasks(
  appDir: string,
  { manifest, inspect }: { readonly manifest: Manifest; readonly inspect: Inspect },
): Promise<AppReport> {
  const { app, version, tasks } = manifest;
  const shapes = await loadTasks(tasks, (some) => inspect(appDir, some));
  return {
    dir: appDir,
    app,
    version,
    tasks: tasks.map((task) => toTaskReport(task, shapes.get(task.name))),
    problems: tasks.flatMap((task) => {
      const place = join(appDir, task.file);
      return problemsOf(task, shapes.get(task.name)).map((problem) => `${place}: ${problem}`);
    }),
    warnings: await findImportWarnings(appDir, tasks.map(({ file }) => file)),
  };
}

/** One task that ends its process takes the others down: then each is loaded alone. */
async function loadTasks(
  tasks: readonly ManifestTask[],
  inspect: (tasks: readonly ManifestTask[]) => ReturnType<Inspect>,
): ReturnType<Inspect> {
  if (tasks.length === 0) return new Map();
  try {
    return await inspect(tasks);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    if (tasks.length === 1) {
      const failure = { message: error.message };
      return new Map(tasks.map(({ name }) => [name, { kind: "broken", failure }]));
    }
  }
  const shapes = new Map<string, LoadedTask>();
  for (const task of tasks) {
    for (const [name, shape] of await loadTasks([task], inspect)) shapes.set(name, shape);
  }
  return shapes;
}

function problemsOf({ name, isWeb }: ManifestTask, shape: LoadedTask | undefined): string[] {
  if (shape === undefined) return [`task "${name}" was not loaded`];
  if (shape.kind === "broken") return [shape.failure.message];
  if (!isWeb) return [];
  return [
    ...(shape.hasAuthenticate
      ? []
      : ['missing export "authenticate": add it, every request gets 500 without']),
    ...(shape.methods.length > 0
      ? []
      : ['no handler: export get, post or another method, or set "web": false']),
  ];
}

function toTaskReport(task: ManifestTask, shape: LoadedTask | undefined): TaskReport {
  const isLoaded = shape?.kind === "loaded";
  return {
    name: task.name,
    file: task.file,
    web: task.isWeb,
    methods: isLoaded ? shape.methods : [],
    authenticate: isLoaded && shape.hasAuthenticate,
    settings: differences(task.given),
  };
}

function differences(given: Partial<TaskSettings>): Readonly<Record<string, unknown>> {
  const settings = { ...builtInTaskSettings, ...given };
  const shown = toShown(settings);
  const usual = toShown(builtInTaskSettings);
  return Object.fromEntries(shown.filter(([, value], index) => value !== usual[index]?.[1]));
}

function toShown(settings: TaskSettings): readonly (readonly [key: string, value: unknown])[] {
  return [
    ["timeout", formatDuration(settings.timeoutMs)],
    ["attempts", settings.attempts],
    ["deadline", formatDuration(settings.deadlineMs)],
    ["late", settings.late],
    ["maxDuration", formatDuration(settings.maxDurationMs)],
    ["concurrency", settings.concurrency],
    ["maxBody", formatSize(settings.maxBodyBytes)],
    ["cors", settings.cors],
  ];
}
