import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FolderLock, Platform } from "../platform/platform.ts";

const lockFolderName = "gateways";
const privateMode = 0o700;
/** A younger folder may belong to a gateway that has not locked it yet. */
const minLeftAgeMs = 60_000;

/** What shows that a gateway is alive; it ends with its process. */
export interface GatewayLock {
  readonly name: string;
  unlock(): void;
}

type LockPlatform = Pick<Platform, "lockFolder">;

/** Shows to all recorders of a folder of traces that this gateway is alive. */
export function lockGateway(folder: string, platform: LockPlatform): GatewayLock {
  const name = crypto.randomUUID();
  const path = join(folder, lockFolderName, name);
  mkdirSync(path, { recursive: true, mode: privateMode });
  chmodSync(folder, privateMode);
  const lock: FolderLock | undefined = platform.lockFolder(path, "shared");
  return { name, unlock: () => lock?.unlock() };
}

/** Whether a gateway is dead for certain, which nobody can tell where the system has no locks. */
export function isGatewayDead(folder: string, name: string, platform: LockPlatform): boolean {
  const path = join(folder, lockFolderName, name);
  if (!existsSync(path)) return true;
  const lock = platform.lockFolder(path, "alone");
  lock?.unlock();
  return lock !== undefined;
}

/** Forgets a dead gateway. */
export function removeGatewayLock(folder: string, name: string): void {
  rmSync(join(folder, lockFolderName, name), { recursive: true, force: true });
}

/** Names gateways that have a lock, and have had it for a while. */
export function listGatewayLocks(folder: string, nowMs: number): readonly string[] {
  const path = join(folder, lockFolderName);
  return readdirSync(path).filter((name) => {
    const status = statSync(join(path, name), { throwIfNoEntry: false });
    return status !== undefined && status.mtimeMs < nowMs - minLeftAgeMs;
  });
}
