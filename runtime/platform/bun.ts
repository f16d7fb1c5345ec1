import { RuntimeError } from "../base/errors.ts";
import { childAllocator, forgetSettings, keepFreedMemory } from "./bun_allocator.ts";
import { dieWithParent, forbidInspection, lockFolder } from "./bun_libc.ts";
import { nodeFs, nodeTty, nodeUtil } from "./bun_modules.ts";
import { connect, listen } from "./bun_socket.ts";
import { openSourceMap } from "./bun_source_map.ts";
import type {
  Child,
  HttpOptions,
  HttpServer,
  Platform,
  RequestInfo,
  SpawnOptions,
} from "./platform.ts";
import { onlyPeer } from "./only_peer.ts";
import { readRssBytes, readUsage } from "./process_usage.ts";

/** Everything that Bun does differently; holds no policy. */
export const platform: Platform = {
  name: "bun",
  version: Bun.version,
  os: process.platform,
  pid: process.pid,
  args: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  usage: readUsage,
  rssBytes: readRssBytes,
  isTerminal: (stream) => nodeTty().isatty(stream === "stdout" ? 1 : 2),
  // Bun knows 0 columns of a terminal that does not say.
  terminalColumns: () => process.stdout.columns || undefined,
  writeOut: (stream, text) =>
    void (stream === "stdout" ? process.stdout : process.stderr).write(text),
  writeSome,
  readStdin: () => Bun.stdin.text(),
  exit: (code) => process.exit(code),
  onSignal: (signal, listener) => void process.on(signal, listener),
  keepFreedMemory: () => keepFreedMemory(isCompiled() ? undefined : Bun.main),
  selfCommand: (role) => [...programCommand(), role],
  spawn,
  listen,
  connect,
  serveHttp,
  mapShared: (path, bytes) => Bun.mmap(path, { shared: true, size: bytes }),
  readText(path, maxBytes) {
    const { readFileSync, statSync } = nodeFs();
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? Infinity;
    return size <= maxBytes ? readFileSync(path, "utf8") : undefined;
  },
  openSourceMap,
  formatValues: (values, depth) =>
    nodeUtil().formatWithOptions({ colors: false, depth }, ...values),
  headerFields,
  lockFolder,
  dieWithParent,
  forbidInspection,
  onUncaught(listener) {
    process.on("uncaughtException", (error) => listener("exception", error));
    process.on("unhandledRejection", (error) => listener("rejection", error));
  },
  dropPrivileges() {
    delete process.env[tailCalls];
    forgetSettings();
    return Promise.resolve();
  },
  stubModule(specifier) {
    Bun.plugin({
      name: specifier,
      setup: (build) => void build.module(specifier, () => ({ exports: {}, loader: "object" })),
    });
  },
};

/** Compiled, the executable is the program; from source, Bun runs the main module. */
function programCommand(): string[] {
  // Whoever embeds the server has a main module of their own.
  const main = Bun.fileURLToPath(new URL("../main.ts", import.meta.url));
  return isCompiled() ? [process.execPath] : [process.execPath, ...ownSettings, main];
}

function isCompiled(): boolean {
  return Bun.main.startsWith("/$bunfs/") || Bun.main.includes("~BUN");
}

/**
 * What an app imports is in its own node_modules: Bun would fetch the rest from the network. And it
 * would take settings, and code to run first, from files of the app. The executable is built so.
 */
const ownSettings = ["--no-install", "--no-env-file", "--config=/dev/null"];

/**
 * Whether a function that ends in `return f()` leaves the stack before `f` begins, as strict code
 * does in JavaScriptCore alone: the stack of an error would not name the task's own line.
 */
const tailCalls = "BUN_JSC_useTailCalls";

/** The streams of `process` keep without limit what nobody reads, and end with the reader. */
function writeSome(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) =>
    nodeFs().write(stream === "stdout" ? 1 : 2, bytes, (error, written) => {
      if (!error) resolve(written);
      else if (error.code === "EAGAIN") resolve(0);
      else reject(error);
    })
  );
}

function spawn(options: SpawnOptions): Child {
  const child = startChild(options);
  void forward(child.stdout, (bytes) => options.onOutput("stdout", bytes));
  void forward(child.stderr, (bytes) => options.onOutput("stderr", bytes));
  return {
    pid: child.pid,
    exited: child.exited.then(() => ({
      code: child.exitCode ?? undefined,
      signal: child.signalCode === null ? undefined : String(child.signalCode),
    })),
    kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return false;
      child.kill(signal);
      return true;
    },
  };
}

function startChild(options: SpawnOptions) {
  try {
    return Bun.spawn({
      cmd: [...options.command],
      cwd: options.cwd,
      env: { ...childAllocator, ...options.env, [tailCalls]: "0" },
      stdin: Buffer.from(options.stdin),
      stdout: "pipe",
      stderr: "pipe",
    });
  } catch (cause) {
    throw new RuntimeError("spawn_failed", `Cannot start a process: "${options.command[0]}"`, {
      cause,
    });
  }
}

async function forward(stream: ReadableStream<Uint8Array>, sink: (bytes: Uint8Array) => void) {
  for await (const bytes of stream) sink(bytes);
}

/** What all requests of a listener share. */
interface BunListener {
  readonly onlyPeer: string | undefined;
  readonly idleTimeoutSeconds: number;
}

/** Switches the connection's idle limit off while a request waits for its task. */
class BunRequestInfo implements RequestInfo {
  readonly #server: Bun.Server<undefined>;
  readonly #request: Request;
  readonly #listener: BunListener;
  #isWaiting = false;

  constructor(server: Bun.Server<undefined>, request: Request, listener: BunListener) {
    this.#server = server;
    this.#request = request;
    this.#listener = listener;
  }

  host(headers: Readonly<Record<string, string>>): string | undefined {
    return headers["host"];
  }

  clientAddress(): string | undefined {
    return this.#server.requestIP(this.#request)?.address;
  }

  recordedAddress(): string | undefined {
    return this.#listener.onlyPeer ?? this.clientAddress();
  }

  waiting(): void {
    this.#isWaiting = true;
    this.#server.timeout(this.#request, 0);
  }

  answering(): void {
    if (this.#isWaiting) this.#server.timeout(this.#request, this.#listener.idleTimeoutSeconds);
  }
}

/**
 * On a Unix socket Bun lets no request wait longer than others, and has 10 s for all; its types know of
 * no such setting there. Only the owner of the socket can idle on it.
 */
const noIdleLimit: object = { idleTimeout: 0 };

function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { address, handler, idleTimeoutSeconds } = options;
  const listener: BunListener = { onlyPeer: onlyPeer(address), idleTimeoutSeconds };
  const shared = {
    ...(options.tls ? { tls: options.tls } : {}),
    development: false as const,
    // Bodies are counted by the reader, which knows the task and answers with ids.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request: Request, server: Bun.Server<undefined>) =>
      handler(request, new BunRequestInfo(server, request, listener)),
  };
  const server = address.kind === "unix"
    ? Bun.serve({ ...shared, ...noIdleLimit, unix: address.path })
    : Bun.serve({
      ...shared,
      hostname: address.host,
      port: address.port,
      reusePort: options.reusePort,
      idleTimeout: idleTimeoutSeconds,
    });
  return Promise.resolve({
    port: server.port ?? 0,
    stop: () => server.stop(),
    async abort() {
      await server.stop(true);
      if (address.kind === "unix") {
        await nodeFs().promises.unlink(address.path).catch(ignoreMissing);
      }
    },
  });
}

function ignoreMissing(error: unknown): void {
  // Bun may have removed the socket's file itself.
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

function headerFields(headers: Headers): Record<string, string> {
  const fields: Record<string, string | string[]> = headers.toJSON();
  const cookies = fields["set-cookie"];
  // Only this name comes as a list; nothing else needs a second pass.
  if (Array.isArray(cookies)) fields["set-cookie"] = cookies.join(", ");
  return fields as Record<string, string>;
}
