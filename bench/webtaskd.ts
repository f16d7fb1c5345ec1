import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readLines } from "./lines.ts";
import { pidsOf } from "./process_tree.ts";

const readyTimeoutMs = 120_000;
const stopTimeoutMs = 40_000;
const pollMs = 20;
const quotedLength = 2_000;

const inRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const main = inRoot("runtime/main.ts");

/** The ways to start webtaskd. */
export const programs: Readonly<Record<string, readonly string[]>> = {
  bun: [inRoot("node_modules/.bin/bun"), main],
  executable: [inRoot("dist/webtaskd")],
  deno: [inRoot("node_modules/.bin/deno"), "run", "-A", "--no-prompt", main],
};

/** What to serve, and how. */
export interface WebtaskdOptions {
  /** A name of `programs`. */
  readonly target: string;
  /** App folders: absolute, or a name in `bench/fixtures`. */
  readonly apps: readonly string[];
  readonly flags: readonly string[];
  /** Told each line of JSON that the server logs. */
  readonly onRecord?: (record: Readonly<Record<string, unknown>>) => void;
}

/** An answer whose body has been read. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly requestId: string | undefined;
}

/** A webtaskd that runs for a measurement of more than its speed. */
export class Webtaskd {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #folder: string;
  readonly #onRecord: WebtaskdOptions["onRecord"];
  #output = "";
  #port = 0;

  private constructor({ target, apps, flags, onRecord }: WebtaskdOptions) {
    this.#folder = mkdtempSync(join(tmpdir(), "webtaskd-bench-"));
    this.#onRecord = onRecord;
    const folders = apps.map((app) => app.startsWith("/") ? app : inRoot(`bench/fixtures/${app}`));
    const data = `--data=${join(this.#folder, "data")}`;
    const command = [...programs[target] ?? [], "serve", ...folders, "--port=0", data];
    this.#child = Bun.spawn([...command, "--log=json", ...flags], {
      env: { PATH: process.env["PATH"], HOME: this.#folder, TMPDIR: this.#folder },
      stdio: ["ignore", "pipe", "pipe"],
      // A session of its own: what it starts stays countable even when a parent in between dies.
      detached: true,
    });
    void this.#follow(this.#child.stdout);
    void this.#follow(this.#child.stderr);
  }

  /**
   * Starts a server and waits until it listens.
   * @throws {Error} when it ends, or does not listen in time.
   */
  static async start(options: WebtaskdOptions): Promise<Webtaskd> {
    const server = new Webtaskd(options);
    try {
      await waitFor(() => server.#port > 0 || server.#child.exitCode !== null, readyTimeoutMs);
      if (server.#port > 0) return server;
      throw new Error(`Cannot start ${options.target}: ${server.#output}`);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  /** A file or folder of this server's own, removed with it. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Sends a GET to the deployment of an app in testing. */
  async get(app: string, path: string): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
      headers: { host: `${app}-testing.localhost` },
      // Connections that are kept would count as handles of the server.
      keepalive: false,
    });
    const requestId = response.headers.get("x-request-id") ?? undefined;
    return { status: response.status, text: await response.text(), requestId };
  }

  /** The worker processes that are there. */
  workerPids(): number[] {
    return pidsOf(this.#child.pid).filter((pid) => isWorker(pid) && isAlive(pid));
  }

  /** How much memory the gateway has resident. */
  gatewayRssMiB(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /**
   * What the gateway has open. What Bun gave to a process as its standard input does not count: it
   * stays open until the process's object is collected, and is never many.
   */
  gatewayHandles(): string[] {
    const folder = `/proc/${this.#child.pid}/fd`;
    return readdirSync(folder).flatMap((fd) => readLink(join(folder, fd)) ?? [])
      .filter((name) => !name.startsWith("/memfd:spawn_stdio_stdin"));
  }

  /** Waits until no worker is left; false when one is, after the time. */
  async isWithoutWorkers(timeoutMs: number): Promise<boolean> {
    try {
      await waitFor(() => this.workerPids().length === 0, timeoutMs);
      return true;
    } catch {
      // One is left, which is the answer.
      return false;
    }
  }

  /** Stops the server, and whatever it leaves. */
  async close(): Promise<void> {
    this.#child.kill("SIGTERM");
    await Promise.race([this.#child.exited, sleep(stopTimeoutMs, undefined, { ref: false })]);
    for (const pid of pidsOf(this.#child.pid)) killIfAlive(pid);
    await this.#child.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #follow(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const line of readLines(stream)) this.#take(line);
  }

  #take(line: string): void {
    if (line.startsWith("{")) return this.#onRecord?.(JSON.parse(line));
    this.#output = `${this.#output}${line}\n`.slice(-quotedLength);
    const port = /^webtaskd listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
    if (port !== undefined) this.#port = Number(port);
  }
}

/**
 * Waits until a condition holds.
 * @throws {Error} when it does not in time.
 */
export async function waitFor(condition: () => boolean, timeoutMs: number): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`Cannot wait longer than ${timeoutMs} ms`);
    await sleep(pollMs);
  }
}

/** The value below which a part of all lies, as 0.5 of the median; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

/** A number for people and for JSON: one decimal is as much as these measurements are worth. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Prints a result as JSON, then whether each goal was met; returns the exit code that says so. */
export function publish(result: object, goals: Readonly<Record<string, boolean>>): number {
  const isMet = Object.values(goals).every(Boolean);
  process.stdout.write(`${JSON.stringify({ ...result, goals, isMet }, null, 2)}\n`);
  for (const [goal, isOne] of Object.entries(goals)) {
    process.stdout.write(`${isOne ? "PASS" : "FAIL"} ${goal}\n`);
  }
  return isMet ? 0 : 1;
}

/** The gateway also has a recorder, which stays. */
function isWorker(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").endsWith("\0worker\0");
  } catch {
    // It ended after it was listed.
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    // It ended after it was listed.
    return false;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // It was closed between listing and reading.
    return undefined;
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended after it was listed, which is what was wanted.
  }
}
