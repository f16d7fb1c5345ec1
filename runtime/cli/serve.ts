import { systemClock } from "../base/clock.ts";
import { type Server, startServer } from "../server.ts";
import { defaultApp, requireApp } from "./apps.ts";
import type { Command, CommandContext } from "./command.ts";
import { exitCodes } from "./failure.ts";

/** With more deployments, a process for each at the start would be felt. */
const maxWarmDeployments = 8;
/** Ctrl-C reaches every process of a terminal, and `npm start` or `deno task` passes it on as well. */
const sameSignalMs = 300;

/** Serves apps until it is told to stop. */
export const serveCommand: Command = {
  name: "serve",
  summary: "Serve the web tasks of apps over HTTP.",
  arguments: [{
    name: "[app...]",
    sentence: `Folders with a cloudcode.json, a deployment each. (default: ${defaultApp})`,
  }],
  settings: [
    "port",
    "listen",
    "domains",
    "hostname",
    "environment",
    "dataDir",
    "variables",
    "variableFiles",
    "trustedProxies",
    "timeout",
    "attempts",
    "deadline",
    "late",
    "maxDuration",
    "maxBody",
    "min",
    "max",
    "maxAttemptProcesses",
    "maxOverdueProcesses",
    "maxBodyMemory",
    "processConcurrency",
    "maxQueue",
    "idle",
    "maxInvocations",
    "maxAge",
    "recycleRss",
    "maxRss",
    "drain",
    "tlsCert",
    "tlsKey",
    "reusePort",
    "admin",
    "traces",
    "traceMaxAge",
    "traceMaxSize",
    "logFormat",
    "logLevel",
  ],
  flags: [],
  async run(context) {
    const server = await openServer(context, { showErrors: false });
    const stopped = runUntilStopped(server, context);
    announce(server, context);
    if (server.deploymentCount <= maxWarmDeployments) void server.warmUp();
    return await stopped;
  },
};

/** Starts a server for the apps a command was given. */
export async function openServer(
  { platform, settings, args }: CommandContext,
  { showErrors }: { readonly showErrors: boolean },
): Promise<Server> {
  const appDirs = args.length > 0 ? args : [defaultApp];
  for (const appDir of appDirs) await requireApp(appDir);
  return await startServer({ platform, settings, appDirs, showErrors });
}

/** Tells on standard output where the tasks are. */
export function announce(server: Server, { out }: CommandContext): void {
  out(`webtaskd listening on ${server.url}`);
  for (const url of server.taskUrls) out(`  ${url}`);
}

/** Obeys signals; resolves with the exit code once the server has stopped. */
export function runUntilStopped(server: Server, { platform }: CommandContext): Promise<number> {
  return new Promise((resolve) => {
    let stoppedAtMs: number | undefined;
    const stop = () => {
      if (stoppedAtMs !== undefined) {
        if (systemClock.monotonicMs() - stoppedAtMs < sameSignalMs) return;
        return void server.flushLog().then(() => platform.exit(exitCodes.failed));
      }
      stoppedAtMs = systemClock.monotonicMs();
      void server.close().then((isFinished) =>
        resolve(isFinished ? exitCodes.done : exitCodes.failed)
      );
    };
    platform.onSignal("SIGTERM", stop);
    platform.onSignal("SIGINT", stop);
    platform.onSignal("SIGHUP", () => void server.reload());
  });
}
