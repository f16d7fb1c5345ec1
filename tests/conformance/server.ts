import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deadline, settlesWithin } from "../../runtime/base/deadline.ts";
import {
  descendantsOf,
  isAlive,
  type ProcessEntry,
  processesNaming,
  recordersBelow,
  workersBelow,
} from "./processes.ts";
import { RawConnection } from "./raw.ts";
import { root, type Target } from "./targets.ts";
import { until } from "./wait.ts";

const readyTimeoutMs = 20_000;
const stopTimeoutMs = 15_000;
const leaveTimeoutMs = 5_000;
const readyLine = /^webtaskd listening on (https?:\/\/127\.0\.0\.1:(\d+))$/m;

/** How a server is started. */
export interface ServerOptions {
  /** @default "serve" */
  readonly command?: "serve" | "dev";
  /** App folders; names are folders of `tests/fixtures`. @default ["acme"] */
  readonly apps?: readonly string[];
  /** Command-line flags, or what makes them of the server's own folder. @default [] */
  readonly flags?: readonly string[] | ((folder: string) => readonly string[]);
  /** Whether the log is text, unless a flag says otherwise, or looks as it does by itself. @default "text" */
  readonly log?: "text" | "default";
  /** Variables of the server's own environment. @default {} */
  readonly env?: Readonly<Record<string, string>>;
  /** A file descriptor for the log, which then is no part of the output. */
  readonly stderr?: number;
}

/** What a test sends; the host defaults to the app `acme` in testing. */
export interface RequestOptions {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

/** An answer whose body has been read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A server under test: one process of a target with a folder of its own for all it writes. */
export class TestServer {
  readonly target: Target;
  /** A folder of the test's own; the server's data and temporary files lie below it. */
  readonly folder: string;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe" | number>;
  #stdout = "";
  #stderr = "";
  #port = 0;
  #origin = "";
  #stopped: Promise<void> | undefined;

  constructor(target: Target, options: ServerOptions) {
    this.target = target;
    this.folder = mkdtempSync(join(tmpdir(), "wt-"));
    mkdirSync(this.temporaryFolder);
    chmodSync(this.temporaryFolder, 0o700);
    this.#child = Bun.spawn([...target.command, ...this.#arguments(options)], {
      cwd: root,
      env: { ...inheritedEnv(), TMPDIR: this.temporaryFolder, ...options.env },
      stdio: ["ignore", "pipe", options.stderr ?? "pipe"],
    });
    this.#collect();
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get dataFolder(): string {
    return join(this.folder, "data");
  }

  get temporaryFolder(): string {
    return join(this.folder, "tmp");
  }

  /** Everything the server has printed so far. */
  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** The process IDs of its workers. */
  get workerPids(): number[] {
    return workersBelow(this.pid).map(({ pid }) => pid);
  }

  /** Its recorders. */
  get recorders(): readonly ProcessEntry[] {
    return recordersBelow(this.pid);
  }

  /** The exit code; resolves when the process has ended. */
  get exited(): Promise<number> {
    return this.#child.exited;
  }

  /** Waits for the ready line; fails with the server's output when it does not come. */
  async ready(): Promise<void> {
    const line = until("the ready line", () => readyLine.exec(this.#stdout), readyTimeoutMs);
    const ended = this.exited.then((code) => {
      throw new Error(`Cannot start the server: exit code ${code}`);
    });
    try {
      const [, origin = "", port] = await Promise.race([line, ended]);
      this.#origin = origin;
      this.#port = Number(port);
    } catch (error) {
      throw new Error(`Cannot start the server on "${this.target.name}":\n${this.output}`, {
        cause: error,
      });
    }
  }

  /** Sends a request and reads the whole answer. */
  async fetch(path: string, options: RequestOptions = {}): Promise<Answer> {
    const { host = "acme-testing.localhost", headers, ...init } = options;
    const response = await fetch(this.#origin + path, {
      ...init,
      headers: { host, ...headers },
      redirect: "manual",
      tls: { rejectUnauthorized: false },
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** Opens a plain TCP connection to the public listener. */
  connect(): Promise<RawConnection> {
    return RawConnection.open(this.#port);
  }

  /** Sends bytes on a connection of their own and returns all that comes until it closes. */
  async raw(bytes: string | Uint8Array): Promise<string> {
    const connection = await this.connect();
    connection.send(bytes);
    return await connection.untilClosed();
  }

  signal(name: "SIGTERM" | "SIGHUP" | "SIGINT" | "SIGKILL"): void {
    this.#child.kill(name);
  }

  untilOutput(pattern: RegExp): Promise<RegExpExecArray> {
    return until(`${pattern} in the output`, () => pattern.exec(this.output));
  }

  /** Stops the server with SIGTERM and fails when it, or a process it started, is left. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    const started = [...descendantsOf(this.pid), ...processesNaming(this.folder)]
      .filter(({ pid }) => pid !== this.pid);
    try {
      this.signal("SIGTERM");
      await deadline(this.exited, stopTimeoutMs, { what: "stop the server with SIGTERM" });
      await this.#expectNoneLeft(started);
    } finally {
      this.#child.kill("SIGKILL");
      await this.exited;
      for (const { pid } of this.#left(started)) process.kill(pid, "SIGKILL");
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  async #expectNoneLeft(started: readonly ProcessEntry[]): Promise<void> {
    const left = () => this.#left(started).map(({ pid }) => pid);
    const gone = until("the end of all processes", () => left().length === 0, leaveTimeoutMs);
    if (await settlesWithin(gone, leaveTimeoutMs + 1000) && left().length === 0) return;
    throw new Error(`Cannot accept processes left by the server: ${left().join(", ")}`);
  }

  #left(started: readonly ProcessEntry[]): ProcessEntry[] {
    return [...started, ...processesNaming(this.folder)].filter(isAlive);
  }

  #arguments(options: ServerOptions): string[] {
    const { command = "serve", apps = ["acme"], flags = [] } = options;
    return [
      command,
      ...apps.map((app) => app.startsWith("/") ? app : join(root, "tests/fixtures", app)),
      "--port=0",
      `--data=${this.dataFolder}`,
      "--environment=testing",
      ...(options.log === "default" ? [] : ["--log=text"]),
      ...(typeof flags === "function" ? flags(this.folder) : flags),
    ];
  }

  async #collect(): Promise<void> {
    const read = async (stream: ReadableStream<Uint8Array>, add: (text: string) => void) => {
      const decoder = new TextDecoder();
      for await (const bytes of stream) add(decoder.decode(bytes, { stream: true }));
    };
    await Promise.all([
      read(this.#child.stdout, (text) => this.#stdout += text),
      ...(this.#child.stderr instanceof ReadableStream
        ? [read(this.#child.stderr, (text) => this.#stderr += text)]
        : []),
    ]);
  }
}

/** Starts a server and waits until it listens; the caller stops it. */
export async function startServer(
  target: Target,
  options: ServerOptions = {},
): Promise<TestServer> {
  const server = new TestServer(target, options);
  try {
    await server.ready();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function inheritedEnv(): Record<string, string> {
  const { PATH = "", HOME = "" } = process.env;
  return { PATH, HOME };
}
