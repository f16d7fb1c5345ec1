import { chmod, lstat, mkdtemp, readdir, rm, rmdir } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { maxSocketPathBytes } from "../base/socket_path.ts";
import type { FolderLock, Platform } from "../platform/platform.ts";

const prefix = "webtaskd-";
/** What `mkdtemp` makes of the prefix. */
const namePattern = /^webtaskd-[A-Za-z0-9]{6}$/;
const socketName = "gateway.sock";
const privateMode = 0o700;
/** A younger folder may belong to a gateway that has not locked it yet. */
const minLeftAgeMs = 10_000;

/** A private folder with a socket, locked as long as its gateway lives. */
export interface SocketFolder {
  readonly socketPath: string;
  remove(): Promise<void>;
}

type FolderPlatform = Pick<Platform, "env" | "lockFolder">;

/**
 * Makes a folder under the runtime directory, or the temporary one where that cannot be used, and
 * removes those that killed gateways have left there.
 * @throws {RuntimeError} `file_failed` that names the variable to set.
 */
export async function openSocketFolder(platform: FolderPlatform, log: Log): Promise<SocketFolder> {
  const runtimeDir = platform.env["XDG_RUNTIME_DIR"];
  const temporaryDir = platform.env["TMPDIR"] || tmpdir();
  if (runtimeDir) {
    try {
      return await openIn(runtimeDir, platform);
    } catch (error) {
      // Common after `su` and in services; the temporary folder is as private.
      log.debug("worker.runtime_dir_unusable", { reason: messageOf(error) });
    }
  }
  return await openIn(temporaryDir, platform).catch((cause: unknown) => {
    const message = `Cannot make the socket of the workers: ${messageOf(cause)}: ` +
      "set TMPDIR to another folder";
    throw new RuntimeError("file_failed", message, { cause });
  });
}

async function openIn(parent: string, platform: FolderPlatform): Promise<SocketFolder> {
  await sweep(parent, platform);
  const dir = await mkdtemp(join(parent, prefix));
  const lock = platform.lockFolder(dir, "shared");
  const folder = toFolder(dir, lock);
  const bytes = Buffer.byteLength(folder.socketPath);
  if (bytes <= maxSocketPathBytes) {
    await chmod(dir, privateMode);
    return folder;
  }
  await folder.remove();
  throw new RuntimeError(
    "file_failed",
    `Cannot use a path in "${parent}" as it must be <= ${maxSocketPathBytes} bytes: got ${bytes}`,
  );
}

function toFolder(dir: string, lock: FolderLock | undefined): SocketFolder {
  return {
    socketPath: join(dir, socketName),
    async remove() {
      await rm(dir, { recursive: true, force: true });
      lock?.unlock();
    },
  };
}

/** Removes what looks like our folders and belongs to no living gateway. */
async function sweep(parent: string, platform: FolderPlatform): Promise<void> {
  const names = await readdir(parent);
  for (const name of names.filter((name) => namePattern.test(name))) {
    const dir = join(parent, name);
    const lock = await isOurs(dir) ? platform.lockFolder(dir, "alone") : undefined;
    // Two gateways may sweep at once: the one that comes second finds nothing.
    if (lock) await removeLeft(dir).catch(ignoreMissing);
    lock?.unlock();
  }
}

async function isOurs(dir: string): Promise<boolean> {
  const status = await lstat(dir).catch(ignoreMissing);
  return status?.isDirectory() === true && status.uid === userInfo().uid &&
    (status.mode & 0o777) === privateMode && status.mtimeMs < Date.now() - minLeftAgeMs;
}

/** Never recursively: a folder that holds anything else is not one of ours after all. */
async function removeLeft(dir: string): Promise<void> {
  const names = await readdir(dir);
  if (names.some((name) => name !== socketName)) return;
  await rm(join(dir, socketName), { force: true });
  await rmdir(dir);
}

function ignoreMissing(error: unknown): undefined {
  if (Object(error).code !== "ENOENT") throw error;
}
