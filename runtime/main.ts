import { platform } from "#platform";

// One program, several roles: the gateway starts itself again as its workers. Each role loads only
// what it needs: a worker is ready sooner, and no gateway code lives in the process of a task.
if (platform.args[0] === "worker") {
  const { runWorker } = await import("./worker/worker.ts");
  await runWorker(platform);
} else {
  const { runCli } = await import("./cli/cli.ts");
  platform.exit(await runCli(platform));
}
