import { parseDomain, parseLabel } from "../base/dns.ts";
import { environments } from "../base/environment.ts";
import {
  builtInTaskSettings,
  mostAttempts,
  mostBodyBytes,
  parseMaxBody,
} from "../base/task_settings.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "../base/units.ts";
import { parseAddressSet } from "./address_set.ts";
import {
  numberWithin,
  oneOf,
  parseAdmin,
  parseListen,
  parseText,
  parseVariable,
  sizeFrom,
} from "./parsers.ts";
import { each, optional, repeatable, single, toggle } from "./setting.ts";

const perTask = (value: string) => `the task's, else ${value}`;

/** Every setting, one row each: flags, variables, help, documentation and checks come from here. */
export const settingTable = Object.freeze({
  port: single({
    flag: "port",
    placeholder: "PORT",
    default: "8787",
    sentence: "The port to listen on; 0 picks a free one.",
    parse: numberWithin(0, 65_535),
  }),
  listen: single({
    flag: "listen",
    placeholder: "ADDRESS",
    default: "127.0.0.1",
    sentence: "The address to listen on; 0.0.0.0 and :: are every one.",
    parse: parseListen,
  }),
  domains: repeatable({
    flag: "domain",
    placeholder: "DOMAIN",
    separator: ",",
    defaults: ["poweredbyjourney.com", "localhost"],
    sentence: "A domain that deployments are reached below, as <hostname>.DOMAIN; may be repeated.",
    parse: each(parseDomain),
  }),
  hostname: optional({
    flag: "hostname",
    placeholder: "NAME",
    defaultNote: "<app>-<environment>, plain <app> for production",
    sentence: "The hostname of the deployment, when one app is served.",
    parse: parseLabel,
  }),
  environment: single({
    flag: "environment",
    placeholder: "NAME",
    default: "testing",
    sentence: "The environment of the deployments: testing, staging or production.",
    parse: oneOf(environments),
  }),
  dataDir: single({
    flag: "data",
    placeholder: "FOLDER",
    default: "./.webtaskd",
    sentence: "The folder for what is kept; readable to its owner alone.",
    parse: parseText,
  }),
  variables: repeatable({
    flag: "env",
    placeholder: "NAME=VALUE",
    separator: "\n",
    defaults: [],
    sentence: "A variable for the tasks, over those of --env-file; may be repeated.",
    parse: each(parseVariable),
  }),
  variableFiles: repeatable({
    flag: "env-file",
    placeholder: "FILE",
    separator: ",",
    defaults: [],
    sentence:
      "A file of variables for the tasks, NAME=value a line; may be repeated, the last wins.",
    parse: each(parseText),
  }),
  trustedProxies: repeatable({
    flag: "trust-proxy",
    placeholder: "ADDRESSES",
    separator: ",",
    defaults: [],
    defaultNote: "none",
    sentence: "Proxies whose X-Forwarded headers count: addresses or ranges; may be repeated.",
    parse: parseAddressSet,
  }),
  timeout: optional({
    flag: "timeout",
    placeholder: "DURATION",
    defaultNote: perTask(formatDuration(builtInTaskSettings.timeoutMs)),
    sentence: "How long an invocation may run and still answer.",
    parse: parseDuration,
  }),
  deadline: optional({
    flag: "deadline",
    placeholder: "DURATION",
    defaultNote: perTask(formatDuration(builtInTaskSettings.deadlineMs)),
    sentence: "How long a client waits at most before it gets 504.",
    parse: parseDuration,
  }),
  late: optional({
    flag: "late",
    placeholder: "WORD",
    defaultNote: perTask(builtInTaskSettings.late),
    sentence: "What happens to a response that comes after the timeout: discard or deliver.",
    parse: oneOf(["discard", "deliver"]),
  }),
  maxDuration: optional({
    flag: "max-duration",
    placeholder: "DURATION",
    defaultNote: perTask(formatDuration(builtInTaskSettings.maxDurationMs)),
    sentence: "How long an invocation may run before its process is stopped.",
    parse: parseDuration,
  }),
  maxBody: optional({
    flag: "max-body",
    placeholder: "SIZE",
    defaultNote: perTask(formatSize(builtInTaskSettings.maxBodyBytes)),
    sentence: "The largest request body, at most 60MiB.",
    parse: parseMaxBody,
  }),
  maxBodyMemory: single({
    flag: "max-body-memory",
    placeholder: "SIZE",
    default: "128MiB",
    sentence: "What the request bodies held at once may take, at least 60MiB; others get 503.",
    parse: sizeFrom(mostBodyBytes),
  }),
  attempts: optional({
    flag: "attempts",
    placeholder: "COUNT",
    defaultNote: perTask(String(builtInTaskSettings.attempts)),
    sentence: "How many invocations one request may start.",
    parse: numberWithin(1, mostAttempts),
  }),
  min: single({
    flag: "min",
    placeholder: "COUNT",
    default: "0",
    sentence: "How many processes of a deployment are kept without any request.",
    parse: numberWithin(0, 1_000),
  }),
  max: optional({
    flag: "max",
    placeholder: "COUNT",
    defaultNote: "twice the processors",
    sentence: "How many processes of a deployment share its requests at most.",
    parse: numberWithin(1, 1_000),
  }),
  maxAttemptProcesses: single({
    flag: "max-attempt-processes",
    placeholder: "COUNT",
    default: "8",
    sentence: "How many further processes of a deployment run second and third attempts.",
    parse: numberWithin(1, 1_000),
  }),
  maxOverdueProcesses: single({
    flag: "max-overdue-processes",
    placeholder: "COUNT",
    default: "8",
    sentence:
      "How many further processes of a deployment may finish overdue or blocked invocations.",
    parse: numberWithin(0, 1_000),
  }),
  processConcurrency: single({
    flag: "process-concurrency",
    placeholder: "COUNT",
    default: "16",
    sentence: "How many invocations one process runs at a time.",
    parse: numberWithin(1, 10_000),
  }),
  maxQueue: single({
    flag: "max-queue",
    placeholder: "COUNT",
    default: "1000",
    sentence: "How many requests of a deployment may wait; further ones get 503.",
    parse: numberWithin(1, 1_000_000),
  }),
  idle: single({
    flag: "idle",
    placeholder: "DURATION",
    default: "60s",
    sentence: "After how long without a request a process above --min is ended.",
    parse: parseDuration,
  }),
  maxInvocations: single({
    flag: "max-invocations",
    placeholder: "COUNT",
    default: "1000000",
    sentence: "After how many invocations a process is replaced.",
    parse: numberWithin(1, 1_000_000_000),
  }),
  maxAge: single({
    flag: "max-age",
    placeholder: "DURATION",
    default: "24h",
    sentence: "At what age a process is replaced.",
    parse: parseDuration,
  }),
  recycleRss: optional({
    flag: "recycle-rss",
    placeholder: "SIZE",
    defaultNote: "512MiB, or half of --max-rss where that is less",
    sentence: "A process that uses more memory than this is replaced.",
    parse: parseSize,
  }),
  maxRss: single({
    flag: "max-rss",
    placeholder: "SIZE",
    default: "1GiB",
    sentence: "A process that uses more memory than this is killed.",
    parse: parseSize,
  }),
  drain: single({
    flag: "drain",
    placeholder: "DURATION",
    default: "30s",
    sentence: "How long a stop waits for what runs.",
    parse: parseDuration,
  }),
  tlsCert: optional({
    flag: "tls-cert",
    placeholder: "FILE",
    defaultNote: "none: plain HTTP",
    sentence: "The certificate chain for HTTPS as PEM; goes with --tls-key.",
    parse: parseText,
  }),
  tlsKey: optional({
    flag: "tls-key",
    placeholder: "FILE",
    defaultNote: "none: plain HTTP",
    sentence: "The private key for HTTPS as PEM; goes with --tls-cert.",
    parse: parseText,
  }),
  reusePort: toggle({
    flag: "reuse-port",
    sentence:
      "Share the port with another server, so that a new one can take over from an old one.",
  }),
  admin: single({
    flag: "admin",
    placeholder: "ADDRESS",
    default: "unix",
    sentence: "The admin listener: unix for admin.sock in the data folder, or HOST:PORT.",
    parse: parseAdmin,
  }),
  traces: single({
    flag: "traces",
    placeholder: "WORD",
    default: "on",
    sentence: "Whether traces and logs of tasks are kept in the data folder: on or off.",
    parse: oneOf(["on", "off"]),
  }),
  traceMaxAge: single({
    flag: "trace-max-age",
    placeholder: "DURATION",
    default: "14d",
    sentence: "How long traces and logs are kept.",
    parse: parseDuration,
  }),
  traceMaxSize: single({
    flag: "trace-max-size",
    placeholder: "SIZE",
    default: "1GiB",
    sentence: "What traces and logs may take in the data folder; the oldest are removed first.",
    parse: parseSize,
  }),
  logFormat: optional({
    flag: "log",
    placeholder: "FORMAT",
    defaultNote: "text on a terminal, else json, without a line per request",
    sentence: "How log lines look: text, or json with a line for every request and invocation.",
    parse: oneOf(["text", "json"]),
  }),
  logLevel: single({
    flag: "log-level",
    placeholder: "LEVEL",
    default: "info",
    sentence: "The least important lines to log: debug, info, warn or error.",
    parse: oneOf(["debug", "info", "warn", "error"]),
  }),
});

/** The name of a row of the table. */
export type SettingName = keyof typeof settingTable;
