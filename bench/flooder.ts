import process from "node:process";
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Connection } from "./connection.ts";
import { readLines } from "./lines.ts";

const clients = 64;
const host = "mixed-testing.localhost";

/** What to flood, how long and how hard. */
interface FloodOptions {
  readonly port: number;
  readonly seconds: number;
  /** Requests per second. */
  readonly rate: number;
  /** One request in so many blocks its process; 0: none does. */
  readonly blocking: number;
}

/** What came of a flood. */
interface FloodCounts {
  sent: number;
  refused: number;
}

/**
 * Floods from a process of its own, so that it does not slow the clock that measures. The process
 * lives through all rounds: what it does but once, as compiling its code, is no part of a flood.
 */
export class Flooder implements Disposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;

  constructor(options: FloodOptions) {
    const command = [process.execPath, fileURLToPath(import.meta.url), JSON.stringify(options)];
    this.#child = Bun.spawn(command, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = readLines(this.#child.stdout);
  }

  /**
   * Floods once, and tells what came of it.
   * @throws {Error} when the process has ended.
   */
  async flood(): Promise<FloodCounts> {
    this.#child.stdin.write("\n");
    await this.#child.stdin.flush();
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("Cannot flood: its process has ended");
    return JSON.parse(value);
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }
}

/** Floods once for each line of the standard input; prints what came of each. */
async function floodOnDemand(options: FloodOptions): Promise<void> {
  for await (const _line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await flood(options))}\n`);
  }
}

/** Sends slow requests at a rate, some of which block their process instead. */
async function flood({ port, seconds, rate, blocking }: FloodOptions): Promise<FloodCounts> {
  const untilMs = performance.now() + seconds * 1_000;
  const pauseMs = 1_000 * clients / rate;
  const counts = { sent: 0, refused: 0 };
  const connections: Connection[] = [];
  const free: Connection[] = [];
  const connect = () => {
    const connection = new Connection(port);
    connections.push(connection);
    return connection;
  };
  const send = async () => {
    const isBlocking = blocking > 0 && counts.sent % blocking === 0;
    const kind = isBlocking ? "blocks&amount=50" : "slow&amount=500";
    counts.sent += 1;
    const connection = free.pop() ?? connect();
    const status = await connection.get(host, `/mixed?kind=${kind}`);
    free.push(connection);
    if (status === 503) counts.refused += 1;
  };
  await Promise.all(Array.from({ length: clients }, async () => {
    while (performance.now() < untilMs) {
      // Whoever floods does not wait for answers; those cut off at the end are no failure.
      send().catch(() => {});
      await sleep(pauseMs * 2 * Math.random());
    }
  }));
  for (const connection of connections) connection.close();
  return counts;
}

// At the end, after the class above: this file is also what the process runs.
if (import.meta.main) await floodOnDemand(JSON.parse(process.argv[2] ?? ""));
