import process from "node:process";
import { fileURLToPath } from "node:url";
import { RuntimeError } from "../base/errors.ts";
import { serveHttp } from "./deno_http.ts";
import { dieWithParent, forbidInspection, lockFolder, mapShared } from "./deno_libc.ts";
import { connect, listen } from "./deno_socket.ts";
import type { Child, Platform, SpawnOptions } from "./platform.ts";
import { readRssBytes, readUsage } from "./process_usage.ts";

/** Task code may replace what `process` has. */
const { getBuiltinModule } = process;

/** Everything that Deno does differently; holds no policy. */
export const platform: Platform = {
  name: "deno",
  version: Deno.version.deno,
  os: Deno.build.os,
  pid: Deno.pid,
  args: Deno.args,
  env: Deno.env.toObject(),
  cwd: Deno.cwd(),
  usage: readUsage,
  rssBytes: readRssBytes,
  isTerminal: (stream) => Deno[stream].isTerminal(),
  terminalColumns: () => Deno.stdout.isTerminal() ? Deno.consoleSize().columns : undefined,
  writeOut,
  writeSome,
  readStdin: () => new Response(Deno.stdin.readable).text(),
  exit: (code) => Deno.exit(code),
  onSignal: (signal, listener) => Deno.addSignalListener(signal, listener),
  selfCommand: (role) => [...programCommand(), role],
  spawn,
  listen,
  connect,
  serveHttp,
  mapShared,
  readText,
  openSourceMap: undefined,
  // Loaded where it is first needed: most workers print nothing.
  formatValues: (values, depth) =>
    getBuiltinModule("node:util").formatWithOptions({ colors: false, depth }, ...values),
  headerFields: (headers) => Object.fromEntries(headers),
  lockFolder,
  dieWithParent,
  forbidInspection,
  onUncaught(listener) {
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      listener("exception", event.error);
    });
    globalThis.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      listener("rejection", event.reason);
    });
  },
  // V8 keeps its young generation as it is.
  keepFreedMemory() {},
  async dropPrivileges() {
    await Deno.permissions.revoke({ name: "ffi" });
  },
  // The import map of `programCommand` holds the stubs.
  stubModule() {},
};

/** The flags give task code the imports that Bun allows by itself. */
function programCommand(): string[] {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  return [
    Deno.execPath(),
    "run",
    "--allow-all",
    "--no-prompt",
    "--quiet",
    "--unstable-sloppy-imports",
    "--unstable-no-legacy-abort",
    "--node-modules-dir=manual",
    "--no-config",
    "--no-lock",
    `--import-map=${fileURLToPath(new URL("./deno_import_map.json", import.meta.url))}`,
    main,
  ];
}

function writeOut(stream: "stdout" | "stderr", text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno[stream].writeSync(bytes));
  } catch (error) {
    // Whoever read has gone: what is written from here on is for nobody, as under Bun.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function readText(path: string, maxBytes: number): string | undefined {
  try {
    return Deno.statSync(path).size <= maxBytes ? Deno.readTextFileSync(path) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function writeSome(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<number> {
  try {
    return await Deno[stream].write(bytes);
  } catch (error) {
    if (error instanceof Deno.errors.WouldBlock) return 0;
    throw error;
  }
}

function spawn(options: SpawnOptions): Child {
  const child = startChild(options);
  let hasEnded = false;
  void writeStdin(child.stdin, options.stdin);
  void forward(child.stdout, (bytes) => options.onOutput("stdout", bytes));
  void forward(child.stderr, (bytes) => options.onOutput("stderr", bytes));
  return {
    pid: child.pid,
    exited: child.status.then((status) => {
      hasEnded = true;
      return status.signal === null
        ? { code: status.code, signal: undefined }
        : { code: undefined, signal: status.signal };
    }),
    kill(signal) {
      if (!hasEnded) child.kill(signal);
      return !hasEnded;
    },
  };
}

function startChild(options: SpawnOptions): Deno.ChildProcess {
  const [program = "", ...args] = options.command;
  try {
    return new Deno.Command(program, {
      args,
      cwd: options.cwd,
      env: { ...options.env },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    throw new RuntimeError("spawn_failed", `Cannot start a process: "${program}"`, { cause });
  }
}

async function writeStdin(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // The child died before it read: its exit status tells the story.
  }
}

async function forward(stream: ReadableStream<Uint8Array>, sink: (bytes: Uint8Array) => void) {
  for await (const bytes of stream) sink(bytes);
}
