/**
 * `npm run bench:scale`: many deployments in one server. One request to each, all at once; then the
 * workers go, and what the gateway keeps is counted.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { publish, quantile, rounded, Webtaskd } from "./webtaskd.ts";

const maxGatewayRssMiB = 90;
const idleTimeoutMs = 60_000;
const countMs = 500;
const hello = fileURLToPath(new URL("fixtures/app/hello.ts", import.meta.url));

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      deployments: { type: "string", default: "200" },
      target: { type: "string", default: "bun" },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "webtaskd-apps-"));
  try {
    const names = Array.from({ length: Number(values.deployments) }, (_, index) => `app-${index}`);
    for (const name of names) writeApp(join(folder, name), name);
    return await scale(values.target, { names, folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function scale(
  target: string,
  { names, folder }: { readonly names: readonly string[]; readonly folder: string },
): Promise<number> {
  const startedMs = performance.now();
  const apps = names.map((name) => join(folder, name));
  const server = await Webtaskd.start({ target, apps, flags: ["--idle=2s"] });
  try {
    const startMs = performance.now() - startedMs;
    const peak = new WorkerPeak(server);
    const answers = await Promise.all(names.map((name) => timed(server, name)));
    const mostWorkers = await peak.stop();
    const busyRssMiB = server.gatewayRssMiB();
    const isWithoutWorkers = await server.isWithoutWorkers(idleTimeoutMs);
    const idleRssMiB = server.gatewayRssMiB();
    const times = answers.map(({ elapsedMs }) => elapsedMs);
    const answered = answers.filter(({ status }) => status === 200).length;
    return publish({
      ...{ target, deployments: names.length, answered, startMs: rounded(startMs) },
      answerMs: { p50: rounded(quantile(times, 0.5)), max: rounded(Math.max(...times)) },
      gatewayRssMiB: { busy: rounded(busyRssMiB), idle: rounded(idleRssMiB) },
      handles: server.gatewayHandles().length,
      mostWorkers,
    }, {
      "every deployment answered": answered === names.length,
      "one request starts one process": mostWorkers <= names.length,
      "no worker is left after the idle time": isWithoutWorkers,
      [`the gateway uses at most ${maxGatewayRssMiB} MiB`]:
        Math.max(busyRssMiB, idleRssMiB) <= maxGatewayRssMiB,
    });
  } finally {
    await server.close();
  }
}

/** Counts the workers from time to time, until it is stopped. */
class WorkerPeak {
  readonly #stopped = new AbortController();
  readonly #counting: Promise<number>;

  constructor(server: Webtaskd) {
    this.#counting = this.#count(server);
  }

  /** Returns the most there have been at once. */
  stop(): Promise<number> {
    this.#stopped.abort();
    return this.#counting;
  }

  async #count(server: Webtaskd): Promise<number> {
    let most = 0;
    while (!this.#stopped.signal.aborted) {
      most = Math.max(most, server.workerPids().length);
      await sleep(countMs);
    }
    return most;
  }
}

async function timed(server: Webtaskd, app: string) {
  const startedMs = performance.now();
  const { status } = await server.get(app, "/hello");
  return { status, elapsedMs: performance.now() - startedMs };
}

function writeApp(folder: string, app: string): void {
  mkdirSync(folder);
  const manifest = { app, version: "1.15", tasks: { hello: { web: true } } };
  writeFileSync(join(folder, "cloudcode.json"), JSON.stringify(manifest));
  cpSync(hello, join(folder, "hello.ts"));
}
