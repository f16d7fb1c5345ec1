import { join } from "node:path";
import { createAdmin, type ReplayOutcome } from "../../runtime/admin/admin.ts";
import { runCli } from "../../runtime/cli/cli.ts";
import { platform } from "../../runtime/platform/bun.ts";
import type { Platform } from "../../runtime/platform/platform.ts";
import { createFakePlatform } from "../cli/fake_platform.ts";
import { createTempFolder } from "../temp_folder.ts";
import { FakeTraceReader, sampleTimeMs } from "./samples.ts";

/** An admin listener over traces in memory, in a data folder of its own. */
export async function startAdmin(outcome: ReplayOutcome = { kind: "unknown" }) {
  const folder = await createTempFolder();
  const traces = new FakeTraceReader();
  const replayed: string[] = [];
  const address = { kind: "unix", path: join(folder.path, "admin.sock") } as const;
  const handler = createAdmin({
    traces,
    metrics: () => Promise.resolve({ contentType: "text/plain", text: "" }),
    isReady: () => true,
    wallMs: () => sampleTimeMs,
    replay(requestId) {
      replayed.push(requestId);
      return Promise.resolve(outcome);
    },
  }, address);
  const listen = () =>
    platform.serveHttp({
      ...{ address, tls: undefined, reusePort: false, idleTimeoutSeconds: 5, handler },
    });
  let server = await listen();
  return {
    ...{ traces, replayed, dataDir: folder.path },
    stop: () => server.abort(),
    async restart() {
      server = await listen();
    },
    /** Runs a command against it to its end. */
    run: (args: readonly string[], surroundings: Partial<Platform> = {}) =>
      startCommand([...args, `--data=${folder.path}`], surroundings).done,
    /** Starts a command against it that goes on. */
    start: (args: readonly string[]) => startCommand([...args, `--data=${folder.path}`], {}),
    async [Symbol.asyncDispose]() {
      await server.abort();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Starts a command line in this process. */
export function startCommand(args: readonly string[], surroundings: Partial<Platform>) {
  const fake = createFakePlatform(args);
  const listeners = new Map<string, () => void>();
  const onSignal: Platform["onSignal"] = (signal, listener) => void listeners.set(signal, listener);
  const exited = runCli({ ...fake.platform, onSignal, ...surroundings });
  return {
    stdout: fake.stdout,
    interrupt: () => listeners.get("SIGINT")?.(),
    done: exited.then((exitCode) => ({
      exitCode,
      stdout: fake.stdout(),
      stderr: fake.stderr(),
    })),
  };
}
