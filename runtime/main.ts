import { platform } from "#platform";
import { runCli } from "./cli/cli.ts";
import { runWorker } from "./worker/worker.ts";

// One program, several roles: the gateway starts itself again as its workers.
if (platform.args[0] === "worker") await runWorker(platform);
else platform.exit(await runCli(platform));
