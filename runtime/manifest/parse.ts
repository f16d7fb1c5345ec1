import { taskNamePattern } from "../base/task_name.ts";
import * as v from "valibot";
import { didYouMean } from "../base/nearest.ts";
import { builtInTaskSettings, settingsConflict, type TaskSettings } from "../base/task_settings.ts";
import { toGivenSettings } from "./given_settings.ts";
import type { Manifest, ManifestTask } from "./manifest.ts";
import type { JsonPath } from "./json_text.ts";
import type { Report } from "./problems.ts";
import { captureSchema, corsSchema, headSchema, taskSchema } from "./schema.ts";
import { findTaskFile } from "./task_files.ts";

/** Where the JSON came from, and where its problems go. */
export interface ParseOptions {
  readonly appDir: string;
  readonly file: string;
  readonly report: Report;
}

const innerSchemas = { cors: corsSchema, capture: captureSchema };
const nameAdvice = "name it with letters, digits, _ and -, a letter first, at most 64";

/** Turns the JSON of a manifest into a `Manifest`; `undefined` when any of it has a problem. */
export async function parseManifest(
  json: unknown,
  options: ParseOptions,
): Promise<Manifest | undefined> {
  const { file, report } = options;
  const head = parseObject(headSchema, { value: json, path: [], report });
  const parts = isRecord(json) ? json : {};
  const defaults = "defaults" in parts
    ? parseEntry(parts["defaults"], { path: ["defaults"], report })
    : { isWeb: false, given: {} };
  const entries = toEntries(parts, report);
  // Blamed once, and where it is written: not in every task that leaves it as it is.
  if (defaults !== undefined && entries.some(([, entry]) => !hasTimes(entry))) {
    reportConflict(defaults.given, { path: ["defaults"], report });
  }
  const tasks: (ManifestTask | undefined)[] = [];
  for (const [name, entry] of entries) {
    tasks.push(await parseTask(name, { ...options, entry, defaults }));
  }
  if (head === undefined || defaults === undefined || !tasks.every(isDefined)) return undefined;
  return { file, app: head.app, version: head.version, tasks };
}

interface Entry {
  readonly isWeb: boolean | undefined;
  readonly given: Partial<TaskSettings>;
}

interface Place {
  readonly path: JsonPath;
  readonly report: Report;
}

function toEntries(parts: Readonly<Record<string, unknown>>, report: Report) {
  const tasks = parts["tasks"] ?? {};
  if (isRecord(tasks)) return Object.entries(tasks);
  report(["tasks"], tasks, 'give an object, as {"hello": {"web": true}}');
  return [];
}

async function parseTask(
  name: string,
  { appDir, report, entry, defaults }: ParseOptions & {
    readonly entry: unknown;
    readonly defaults: Entry | undefined;
  },
): Promise<ManifestTask | undefined> {
  const path = ["tasks", name];
  const own = parseEntry(entry, { path, report });
  const file = await parseName(name, { appDir, path, report });
  if (own === undefined || defaults === undefined || file === undefined) return undefined;
  const given = { ...defaults.given, ...own.given };
  if (hasTimes(entry) && reportConflict(given, { path, report })) return undefined;
  return { name, file, isWeb: own.isWeb ?? defaults.isWeb ?? false, given };
}

/** Whether an entry has a part in what its times are together. */
function hasTimes(entry: unknown): boolean {
  return isRecord(entry) && ["timeout", "deadline", "maxDuration"].some((key) => key in entry);
}

/** Reports that settings contradict each other; returns whether they do. */
function reportConflict(given: Partial<TaskSettings>, { path, report }: Place): boolean {
  const conflict = settingsConflict({ ...builtInTaskSettings, ...given });
  if (conflict !== undefined) report([...path, conflict.key], undefined, conflict.fix);
  return conflict !== undefined;
}

async function parseName(name: string, { appDir, path, report }: Place & { appDir: string }) {
  if (!taskNamePattern.test(name)) {
    report(path, undefined, nameAdvice);
    return undefined;
  }
  const file = await findTaskFile(appDir, name);
  if (file.kind === "good") return file.value;
  report(path, undefined, file.fix);
  return undefined;
}

function parseEntry(value: unknown, { path, report }: Place): Entry | undefined {
  const entry = parseObject(taskSchema, { value, path, report });
  for (const [key, schema] of Object.entries(innerSchemas)) {
    const inner = isRecord(value) ? value[key] : undefined;
    if (isRecord(inner)) {
      reportUnknownKeys(schema, { value: inner, path: [...path, key], report });
    }
  }
  return entry === undefined ? undefined : { isWeb: entry.web, given: toGivenSettings(entry) };
}

/** Valibot names the first unknown key only, and takes an array for an object. */
function parseObject<const S extends ClosedSchema>(
  schema: S,
  { value, path, report }: Place & { readonly value: unknown },
): v.InferOutput<S> | undefined {
  if (!isRecord(value)) {
    report(path, value, "give an object");
    return undefined;
  }
  reportUnknownKeys(schema, { value, path, report });
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  for (const issue of result.issues) {
    if (issue.expected === "never") continue;
    const inner = (issue.path ?? []).map(({ key }) => typeof key === "number" ? key : String(key));
    report([...path, ...inner], valueAt(value, inner), issue.message);
  }
  return undefined;
}

/** The value as the file has it: an issue's own input may have been transformed already. */
function valueAt(value: unknown, path: JsonPath): unknown {
  return path.reduce((inside, key) => Object(inside)[key], value);
}

type ClosedSchema = v.GenericSchema & { readonly entries: Readonly<Record<string, unknown>> };

function reportUnknownKeys(
  { entries }: Pick<ClosedSchema, "entries">,
  { value, path, report }: Place & { readonly value: Readonly<Record<string, unknown>> },
): void {
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(entries, key)) continue;
    const advice = `there is no such key${didYouMean(key, Object.keys(entries))}`;
    report([...path, key], value[key], advice);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
