import { watch } from "chokidar";
import { resolve } from "node:path";
import type { Server } from "../server.ts";
import { defaultApp } from "./apps.ts";
import type { Command, CommandContext } from "./command.ts";
import { announce, openServer, runUntilStopped, serveCommand } from "./serve.ts";
import { isIgnored, tellBlindSpots } from "./watched.ts";

/** Editors save in several steps: a reload waits until they are through. */
const settleMs = 60;

/** Serves apps, reloads them as they change, and shows errors to the client. */
export const devCommand: Command = {
  ...serveCommand,
  name: "dev",
  summary: "Serve with reload on change, and with errors shown in responses.",
  async run(context) {
    const server = await openServer(context, { showErrors: true });
    const watcher = watchApps(server, context);
    await new Promise<void>((resolve) => void watcher.once("ready", () => resolve()));
    const stopped = runUntilStopped(server, context);
    announce(server, context);
    await server.warmUp();
    const exitCode = await stopped;
    await watcher.close();
    return exitCode;
  },
};

function watchApps(server: Server, context: CommandContext) {
  const { args, settings: { dataDir } } = context;
  const appDirs = (args.length > 0 ? args : [defaultApp]).map((dir) => resolve(dir));
  const watcher = watch(appDirs, {
    ignoreInitial: true,
    ignored: (path) => isIgnored(path, { appDirs, dataDir }),
  });
  tellBlindSpots(watcher, context.err);
  // A folder that goes is forgotten; asked for again, it is waited for.
  watcher.on("unlinkDir", (path) => void (appDirs.includes(path) && watcher.add(path)));
  let timer: ReturnType<typeof setTimeout> | undefined;
  return watcher.on("all", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void reload(server, context), settleMs);
  });
}

/** Tells where the tasks are that were not there before. */
async function reload(server: Server, { out }: CommandContext): Promise<void> {
  const before = new Set(server.taskUrls);
  await server.reload();
  for (const url of server.taskUrls) if (!before.has(url)) out(`  ${url}`);
}
