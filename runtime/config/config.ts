import { resolve } from "node:path";
import type { Environment } from "../base/environment.ts";
import { didYouMean } from "../base/nearest.ts";
import { maxSocketPathBytes } from "../base/socket_path.ts";
import type { TaskSettings } from "../base/task_settings.ts";
import { formatSize } from "../base/units.ts";
import type { AddressSet } from "./address_set.ts";
import { type OtlpSettings, readOtlp } from "./otlp.ts";
import type { AdminAddress } from "./parsers.ts";
import { badSetting, readSetting, type Setting, type Sources, variableOf } from "./setting.ts";
import { type SettingName, settingTable } from "./table.ts";
import { readTaskVariables } from "./task_variables.ts";

/** Where nothing else is said, a process that uses more memory is replaced. */
const mostRecycleRssBytes = 512 * 2 ** 20;

/** Every setting of a process, read and checked. */
export interface Settings {
  readonly port: number;
  readonly listen: string;
  readonly domains: readonly string[];
  /** `undefined` stands for the default of each app. */
  readonly hostname: string | undefined;
  readonly environment: Environment;
  /** Absolute. */
  readonly dataDir: string;
  /** The variables of tasks. */
  readonly taskEnv: Readonly<Record<string, string>>;
  readonly trustedProxies: AddressSet;
  /** What wins over every manifest. */
  readonly task: Partial<TaskSettings>;
  readonly maxBodyMemoryBytes: number;
  readonly processes: ProcessSettings;
  readonly drainMs: number;
  readonly tls: TlsFiles | undefined;
  readonly reusePort: boolean;
  readonly admin: AdminAddress;
  /** Undefined where none are kept. */
  readonly traces: TraceLimits | undefined;
  /** Where spans go; undefined for nowhere. */
  readonly otlp: OtlpSettings | undefined;
  /** `undefined` stands for text on a terminal, and JSON without a line per request elsewhere. */
  readonly logFormat: "text" | "json" | undefined;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

/** The processes of a deployment: how many, how full, and when each is replaced. */
export interface ProcessSettings {
  readonly min: number;
  /** `undefined` stands for twice the processors. */
  readonly max: number | undefined;
  readonly maxAttempt: number;
  readonly maxOverdue: number;
  readonly concurrency: number;
  readonly maxQueue: number;
  readonly idleMs: number;
  readonly maxInvocations: number;
  readonly maxAgeMs: number;
  readonly recycleRssBytes: number;
  readonly maxRssBytes: number;
}

/** How much is kept of traces and logs. */
export interface TraceLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** Where the certificate and its key are. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Which settings to read, and from what. */
export interface ReadOptions extends Sources {
  /** The settings a command takes; the others keep their defaults. */
  readonly names: readonly SettingName[];
}

/**
 * Reads the settings of a command: flag over variable over default.
 * @throws {RuntimeError} `bad_setting` with name, source, value and fix of the first bad one.
 */
export async function readSettings({ names, flags, env }: ReadOptions): Promise<Settings> {
  const read = <T>(name: SettingName, setting: Setting<T>): T =>
    readSetting(setting, names.includes(name) ? { flags, env } : { flags: {}, env: {} });
  const table = settingTable;
  const dataDir = resolve(read("dataDir", table.dataDir));
  return Object.freeze({
    port: read("port", table.port),
    listen: read("listen", table.listen),
    domains: read("domains", table.domains),
    hostname: read("hostname", table.hostname),
    environment: read("environment", table.environment),
    dataDir,
    taskEnv: await readTaskVariables({
      files: read("variableFiles", table.variableFiles),
      variables: read("variables", table.variables),
    }),
    trustedProxies: read("trustedProxies", table.trustedProxies),
    task: toOverrides({
      timeoutMs: read("timeout", table.timeout),
      attempts: read("attempts", table.attempts),
      deadlineMs: read("deadline", table.deadline),
      late: read("late", table.late),
      maxDurationMs: read("maxDuration", table.maxDuration),
      maxBodyBytes: read("maxBody", table.maxBody),
    }),
    maxBodyMemoryBytes: read("maxBodyMemory", table.maxBodyMemory),
    processes: toProcessSettings({
      min: read("min", table.min),
      max: read("max", table.max),
      maxAttempt: read("maxAttemptProcesses", table.maxAttemptProcesses),
      maxOverdue: read("maxOverdueProcesses", table.maxOverdueProcesses),
      concurrency: read("processConcurrency", table.processConcurrency),
      maxQueue: read("maxQueue", table.maxQueue),
      idleMs: read("idle", table.idle),
      maxInvocations: read("maxInvocations", table.maxInvocations),
      maxAgeMs: read("maxAge", table.maxAge),
      recycleRssBytes: read("recycleRss", table.recycleRss),
      maxRssBytes: read("maxRss", table.maxRss),
    }),
    drainMs: read("drain", table.drain),
    tls: toTlsFiles(read("tlsCert", table.tlsCert), read("tlsKey", table.tlsKey)),
    reusePort: read("reusePort", table.reusePort),
    admin: toAdminAddress(read("admin", table.admin), dataDir),
    traces: toTraceLimits(read("traces", table.traces), {
      maxAgeMs: read("traceMaxAge", table.traceMaxAge),
      maxBytes: read("traceMaxSize", table.traceMaxSize),
    }),
    // Only a command that serves has spans.
    otlp: names.includes("admin") ? readOtlp(env) : undefined,
    logFormat: read("logFormat", table.logFormat),
    logLevel: read("logLevel", table.logLevel),
  });
}

/**
 * Names variables that look like settings and are none, each with what it may have meant. They
 * are no error: other programs may share the prefix.
 */
export function unknownVariables(env: Sources["env"]): readonly string[] {
  const known = Object.values(settingTable).map(variableOf);
  return Object.keys(env)
    .filter((name) => name.startsWith("WEBTASKD_") && !known.includes(name))
    .map((name) => `${name} is no setting${didYouMean(name, known)}`);
}

type Overridable =
  | "timeoutMs"
  | "attempts"
  | "deadlineMs"
  | "late"
  | "maxDurationMs"
  | "maxBodyBytes";

function toOverrides(
  read: { readonly [K in Overridable]: TaskSettings[K] | undefined },
): Partial<TaskSettings> {
  const { timeoutMs, attempts, deadlineMs, late, maxDurationMs, maxBodyBytes } = read;
  return Object.freeze({
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(attempts !== undefined && { attempts }),
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(late !== undefined && { late }),
    ...(maxDurationMs !== undefined && { maxDurationMs }),
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
  });
}

type GivenProcessSettings =
  & Omit<ProcessSettings, "recycleRssBytes">
  & { readonly recycleRssBytes: number | undefined };

function toProcessSettings(given: GivenProcessSettings): ProcessSettings {
  const { min, max, maxRssBytes } = given;
  const { recycleRssBytes = Math.min(mostRecycleRssBytes, maxRssBytes / 2) } = given;
  if (max !== undefined && min > max) {
    const fix = `it is more than --max (${max}): lower it, or raise --max`;
    throw badSetting(`--min ${min} (${variableOf(settingTable.min)})`, fix);
  }
  if (recycleRssBytes >= maxRssBytes) {
    const fix = `it is not below --max-rss (${
      formatSize(maxRssBytes)
    }): lower it, or raise --max-rss`;
    const name = variableOf(settingTable.recycleRss);
    throw badSetting(`--recycle-rss ${formatSize(recycleRssBytes)} (${name})`, fix);
  }
  return Object.freeze({ ...given, recycleRssBytes });
}

function toTraceLimits(traces: "on" | "off", limits: TraceLimits): TraceLimits | undefined {
  return traces === "on" ? limits : undefined;
}

function toTlsFiles(certFile: string | undefined, keyFile: string | undefined) {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  const [one, other] = certFile === undefined
    ? [settingTable.tlsKey, settingTable.tlsCert]
    : [settingTable.tlsCert, settingTable.tlsKey];
  const fix = `give --${other.flag} (${variableOf(other)}) too`;
  throw badSetting(`--${one.flag} "${certFile ?? keyFile}"`, fix);
}

function toAdminAddress(
  admin: "unix" | { readonly host: string; readonly port: number },
  dataDir: string,
): AdminAddress {
  if (admin !== "unix") return { kind: "tcp", ...admin };
  const path = resolve(dataDir, "admin.sock");
  if (new TextEncoder().encode(path).length <= maxSocketPathBytes) return { kind: "unix", path };
  const fix = `its socket's path would be over ${maxSocketPathBytes} bytes: ` +
    `give a shorter --data, or --admin HOST:PORT`;
  throw badSetting(`--data "${dataDir}"`, fix);
}
