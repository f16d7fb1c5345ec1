import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("peers/", import.meta.url));

/** Installs the peers' npm packages into `bench/peers/node_modules` when they are not there. */
export function installPeers(): void {
  if (existsSync(`${folder}node_modules/workerd`)) return;
  run(["npm", "install", "--prefix", folder], "install the peers' packages");
}

/**
 * Makes sure that wrk is there, which is a Debian package.
 * @throws {Error} when it is missing and cannot be installed here.
 */
export function installLoadGenerator(): void {
  if (Bun.which("wrk")) return;
  if (process.getuid?.() !== 0 || !Bun.which("apt-get")) {
    throw new Error("Cannot find wrk: install it, on Debian with `sudo apt-get install wrk`");
  }
  run(["apt-get", "update"], "update the list of Debian packages");
  run(["apt-get", "install", "--yes", "--no-install-recommends", "wrk"], "install wrk");
}

function run(command: string[], what: string): void {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stdout: "pipe", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`Cannot ${what}: ${stderr}${stdout}`);
}
