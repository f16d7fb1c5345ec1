import { platform } from "#platform";

// The gateway's variables are not for tasks, nor is one deployment's memory for those of another.
platform.forbidInspection();

// One program, several roles: the gateway starts itself again as its workers and its recorder. Each role loads only
// what it needs: a worker is ready sooner, and no gateway code lives in the process of a task.
if (platform.args[0] === "worker") {
  const { runWorker } = await import("./worker/worker.ts");
  await runWorker(platform);
} else if (platform.args[0] === "migrator") {
  const { runMigrator } = await import("./database/migrator.ts");
  await runMigrator(platform);
} else if (platform.args[0] === "recorder") {
  const { runRecorder } = await import("./store/recorder.ts");
  await runRecorder(platform);
} else {
  // Before anything else is loaded: what a command needs is loaded once.
  if (platform.args[0] === "serve") platform.keepFreedMemory();
  const { runCli } = await import("./cli/cli.ts");
  platform.exit(await runCli(platform));
}
