import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { readSettings, unknownVariables } from "../../runtime/config/config.ts";
import type { Sources } from "../../runtime/config/setting.ts";
import { type SettingName, settingTable } from "../../runtime/config/table.ts";
import { createTempFolder } from "../temp_folder.ts";

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingTable, name);
}

const names = Object.keys(settingTable).filter(isSettingName);

const read = ({ flags = {}, env = {} }: Partial<Sources>) => readSettings({ names, flags, env });

test("readSettings() has a default for everything", async () => {
  const { trustedProxies, ...settings } = await read({});
  expect(trustedProxies.has("127.0.0.1")).toBe(false);
  expect(settings).toEqual({
    port: 8787,
    listen: "127.0.0.1",
    domains: ["poweredbyjourney.com", "localhost"],
    hostname: undefined,
    environment: "testing",
    dataDir: resolve(".webtaskd"),
    taskEnv: {},
    task: {},
    processes: {
      min: 0,
      max: undefined,
      maxAttempt: 8,
      maxOverdue: 8,
      concurrency: 16,
      maxQueue: 1_000,
      idleMs: 60_000,
      maxInvocations: 1_000_000,
      maxAgeMs: 24 * 60 * 60 * 1_000,
      recycleRssBytes: 512 * 2 ** 20,
      maxRssBytes: 2 ** 30,
    },
    maxBodyMemoryBytes: 128 * 2 ** 20,
    drainMs: 30_000,
    reusePort: false,
    tls: undefined,
    admin: { kind: "unix", path: resolve(".webtaskd/admin.sock") },
    traces: { maxAgeMs: 14 * 24 * 3_600_000, maxBytes: 2 ** 30 },
    otlp: undefined,
    logFormat: undefined,
    logLevel: "info",
  });
});

test("readSettings() prefers a flag over its variable, and a variable over the default", async () => {
  const env = { WEBTASKD_PORT: "1", WEBTASKD_DRAIN: "1s", WEBTASKD_LOG: "" };
  const settings = await read({ flags: { port: ["2"] }, env });
  expect(settings).toMatchObject({ port: 2, drainMs: 1000, logFormat: undefined });
});

test("readSettings() takes the last of a flag given twice, and all of a repeatable one", async () => {
  const flags = { port: ["1", "2"], domain: ["a.example", "B.example.,c"] };
  expect(await read({ flags })).toMatchObject({
    port: 2,
    domains: ["a.example", "b.example", "c"],
  });
});

test("readSettings() leaves out of `task` what nobody gives", async () => {
  const settings = await read({ flags: { timeout: ["1s"] }, env: { WEBTASKD_MAX_BODY: "1KiB" } });
  expect(settings.task).toEqual({ timeoutMs: 1000, maxBodyBytes: 1024 });
  expect((await read({ flags: { attempts: ["1"] } })).task).toEqual({ attempts: 1 });
});

test("readSettings() reads how many processes there are, and when each is replaced", async () => {
  const flags = {
    min: ["2"],
    max: ["2"],
    "max-attempt-processes": ["1"],
    "max-overdue-processes": ["0"],
    "process-concurrency": ["4"],
    "max-queue": ["5"],
    idle: ["1s"],
    "max-invocations": ["6"],
  };
  const env = {
    WEBTASKD_MAX_AGE: "1h",
    WEBTASKD_RECYCLE_RSS: "1MiB",
    WEBTASKD_MAX_RSS: "2MiB",
    WEBTASKD_IDLE: "9s",
  };
  expect((await read({ flags, env })).processes).toEqual({
    min: 2,
    max: 2,
    maxAttempt: 1,
    maxOverdue: 0,
    concurrency: 4,
    maxQueue: 5,
    idleMs: 1_000,
    maxInvocations: 6,
    maxAgeMs: 3_600_000,
    recycleRssBytes: 2 ** 20,
    maxRssBytes: 2 ** 21,
  });
});

test("readSettings() has processes replaced well before they are killed", async () => {
  const { processes } = await read({ flags: { "max-rss": ["300MiB"] }, env: {} });
  expect(processes.recycleRssBytes).toBe(150 * 2 ** 20);
});

test("readSettings() ignores settings a command does not take", async () => {
  const settings = await readSettings({ names: [], flags: {}, env: { WEBTASKD_PORT: "x" } });
  expect(settings.port).toBe(8787);
});

test.each<[Partial<Sources>, string]>([
  [{ flags: { port: ["abc"] } }, 'Cannot use --port "abc": give a whole number from 0 to 65535'],
  [{ env: { WEBTASKD_PORT: "70000" } }, 'Cannot use WEBTASKD_PORT "70000": give a whole number'],
  [{ flags: { drain: ["30"] } }, 'Cannot use --drain "30": give a duration with a unit, as "30s"'],
  [{ flags: { "max-body": ["5"] } }, "give a size with a unit"],
  [
    { flags: { "max-body": ["100MiB"] } },
    'Cannot use --max-body "100MiB": give a size of at most 60MiB',
  ],
  [
    { flags: { "max-body-memory": ["59MiB"] } },
    'Cannot use --max-body-memory "59MiB": give a size of at least 60MiB',
  ],
  [{ flags: { domain: ["https://x.example"] } }, "give a domain name without port and path"],
  [{ flags: { domain: [","] } }, "Cannot use --domain without a value: give at least one value"],
  [{ flags: { hostname: ["My App"] } }, 'as "my-app"'],
  [{ flags: { environment: ["prod"] } }, "give one of testing, staging, production"],
  [{ flags: { listen: ["256.0.0.1:80"] } }, 'give an address to listen on, as "127.0.0.1"'],
  [{ flags: { "trust-proxy": ["10.0.0.0/33"] } }, "give an IP address or a range"],
  [{ flags: { env: ["1A=x"] } }, "give NAME=value"],
  [{ flags: { "env-file": ["/nowhere/.env"] } }, 'Cannot use --env-file "/nowhere/.env"'],
  [{ flags: { "tls-cert": ["c.pem"] } }, 'Cannot use --tls-cert "c.pem": give --tls-key'],
  [{ env: { WEBTASKD_TLS_KEY: "k.pem" } }, "give --tls-cert (WEBTASKD_TLS_CERT) too"],
  [{ flags: { attempts: ["0"] } }, 'Cannot use --attempts "0": give a whole number from 1 to 10'],
  [{ flags: { attempts: ["11"] } }, "give a whole number from 1 to 10"],
  [{ flags: { max: ["0"] } }, 'Cannot use --max "0": give a whole number from 1 to 1000'],
  [{ flags: { min: ["-1"] } }, "give a whole number from 0 to 1000"],
  [{ flags: { "max-attempt-processes": ["0"] } }, "give a whole number from 1 to 1000"],
  [{ flags: { idle: ["60"] } }, 'Cannot use --idle "60": give a duration with a unit'],
  [{ env: { WEBTASKD_MAX_RSS: "512" } }, 'Cannot use WEBTASKD_MAX_RSS "512": give a size'],
  [
    { flags: { min: ["3"], max: ["2"] } },
    "Cannot use --min 3 (WEBTASKD_MIN): it is more than --max (2): lower it, or raise --max",
  ],
  [
    { flags: { "recycle-rss": ["1GiB"] } },
    "Cannot use --recycle-rss 1GiB (WEBTASKD_RECYCLE_RSS): it is not below --max-rss (1GiB): " +
    "lower it, or raise --max-rss",
  ],
  [{ flags: { admin: ["9090"] } }, 'give "unix", or HOST:PORT as "127.0.0.1:9090"'],
  [{ flags: { data: ["x".repeat(110)] } }, "give a shorter --data, or --admin HOST:PORT"],
])("readSettings() refuses %p", async (sources, message) => {
  await expect(read(sources)).rejects.toThrow(message);
  await expect(read(sources)).rejects.toMatchObject({ code: "bad_setting" });
});

test("readSettings() merges variable files in order, and single variables over them", async () => {
  await using folder = await createTempFolder({
    one: "# a comment\nA=1\nB='two words'\nexport C=\"x\\ny\"",
    two: "A=2\nD=",
  });
  const files = ["one", "two"].map((name) => join(folder.path, name));
  const { taskEnv } = await read({ flags: { "env-file": files, env: ["B=a=b,c"] } });
  expect(taskEnv).toEqual({ A: "2", B: "a=b,c", C: "x\ny", D: "" });
});

test("readSettings() reads WEBTASKD_ENV one variable a line", async () => {
  const { taskEnv } = await read({ env: { WEBTASKD_ENV: "A=1,2\nB=3" } });
  expect(taskEnv).toEqual({ A: "1,2", B: "3" });
});

test("readSettings() reads addresses, ranges and both families of --trust-proxy", async () => {
  const flags = { "trust-proxy": ["10.0.0.0/8, ::1", "192.0.2.1", "fd00::/8"] };
  const { trustedProxies } = await read({ flags });
  const has = ["10.9.9.9", "::ffff:10.1.1.1", "::1", "192.0.2.1", "fd12::1"];
  const hasNot = ["11.0.0.1", "192.0.2.2", "::2", "", "10.0.0", "localhost"];
  expect(has.filter((address) => !trustedProxies.has(address))).toEqual([]);
  expect(hasNot.filter((address) => trustedProxies.has(address))).toEqual([]);
});

test("readSettings() reads --admin and --listen with IPv6", async () => {
  const flags = { admin: ["[::1]:0"], listen: ["[::]"] };
  expect(await read({ flags })).toMatchObject({
    listen: "::",
    admin: { kind: "tcp", host: "::1", port: 0 },
  });
});

test("unknownVariables() names the setting that was meant", () => {
  expect(unknownVariables({ WEBTASKD_PROT: "1", WEBTASKD_PORT: "1", HOME: "/" })).toEqual([
    'WEBTASKD_PROT is no setting, did you mean "WEBTASKD_PORT"?',
  ]);
});
