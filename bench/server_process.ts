import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cpuSecondsOf, pidsOf } from "./process_tree.ts";
import { createSubjects, host, type Subject } from "./subjects.ts";

const startTimeoutMs = 20_000;
const stopTimeoutMs = 10_000;
const pollMs = 50;
const maxQuotedLength = 2000;
const expectedBody = JSON.stringify({ hello: "world" });

/** A subject that runs and has given the right answer. */
export class ServerProcess implements AsyncDisposable {
  readonly subject: Subject;
  readonly url: string;
  readonly #child: Bun.Subprocess<"ignore", Bun.BunFile, Bun.BunFile>;
  readonly #folder: string;

  private constructor(subject: Subject, { port, folder }: { port: number; folder: string }) {
    this.subject = subject;
    this.url = `http://127.0.0.1:${port}${subject.path}`;
    this.#folder = folder;
    const output = Bun.file(join(folder, "output.log"));
    this.#child = Bun.spawn([...subject.command(port, join(folder, "data"))], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { PATH: process.env.PATH, HOME: folder, NODE_ENV: "production" },
      stdin: "ignore",
      stdout: output,
      stderr: output,
      // A session of its own: what it starts stays countable even when a parent in between dies.
      detached: true,
    });
  }

  /**
   * Starts a subject on a free port.
   * @throws {Error} when it ends, or gives no or another answer until the time is over.
   */
  static async start(subject: Subject): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), "webtaskd-bench-"));
    const server = new ServerProcess(subject, { port: await findFreePort(), folder });
    try {
      await server.#answers();
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** CPU seconds that the subject and its children have used since they started. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.#child.pid);
  }

  /** Ends the subject and everything it started, then removes its data. */
  async close(): Promise<void> {
    this.#child.kill("SIGTERM");
    await Promise.race([this.#child.exited, sleep(stopTimeoutMs, undefined, { ref: false })]);
    // Those it left behind are still in its session.
    pidsOf(this.#child.pid).forEach(killIfAlive);
    await this.#child.exited;
    await rm(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Asks until the right answer comes. */
  async #answers(): Promise<void> {
    const giveUpAt = performance.now() + startTimeoutMs;
    let problem = await this.#findProblem();
    while (problem !== undefined && this.#isAlive() && performance.now() < giveUpAt) {
      await sleep(pollMs);
      problem = await this.#findProblem();
    }
    if (problem === undefined) return;
    const output = await this.#outputTail();
    throw new Error(`Cannot measure ${this.subject.name}: ${problem}\n${output}`);
  }

  async #findProblem(): Promise<string | undefined> {
    try {
      const response = await fetch(this.url, { headers: { host } });
      const body = await response.text();
      const isRight = response.status === 200 && isJson(response) && body.trim() === expectedBody;
      return isRight ? undefined : `got ${response.status} ${body.slice(0, maxQuotedLength)}`;
    } catch (error) {
      // Nothing listens yet, which is a problem like any other until the time is over.
      return String(error);
    }
  }

  #isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async #outputTail(): Promise<string> {
    const text = await Bun.file(join(this.#folder, "output.log")).text();
    return text.slice(-maxQuotedLength);
  }
}

/**
 * Starts a subject by its name.
 * @throws {Error} when there is none of that name, and as `ServerProcess.start`.
 */
export async function startSubject(name: string): Promise<ServerProcess> {
  const subject = createSubjects().find((subject) => subject.name === name);
  if (!subject) throw new Error(`Cannot measure "${name}": no such subject`);
  return await ServerProcess.start(subject);
}

function isJson(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("application/json") === true;
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended after it was listed, which is what was wanted.
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") {
    throw new Error("Cannot find a free port");
  }
  return address.port;
}
