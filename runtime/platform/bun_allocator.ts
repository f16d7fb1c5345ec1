import process from "node:process";
import { nodeFs } from "./bun_modules.ts";

/**
 * Settings of mimalloc, the allocator of Bun, which reads them before any of our code runs. By default it gives
 * memory back to the system 100 ms after it was freed, from between what is in use, too: a busy process takes it
 * again at once, page by page. That was a fifth of all CPU time under load.
 */
type AllocatorSettings = Readonly<Record<"MIMALLOC_PURGE_DELAY" | "MIMALLOC_PURGE_HOLES", string>>;

/** Long enough for the next requests to find it, short enough for a task's memory to be of use to others soon. */
export const childAllocator: AllocatorSettings = toSettings({ keepMs: 10_000 });

/** A gateway is busy for hours, and holds no memory of tasks. */
const serverAllocator = toSettings({ keepMs: 300_000 });

/**
 * Starts this program again in its place, in the same process, with settings for a busy server. Returns when it
 * has them, or goes without: where whoever runs it has chosen a delay or settings of Bun, or has opened files for
 * it, as a shell does for `<(…)` and for a lock, which would be closed.
 */
export function keepFreedMemory(mainModule: string | undefined): void {
  const { argv, env, execArgv, execPath } = process;
  if (env["MIMALLOC_PURGE_DELAY"] !== undefined || execArgv.length > 0 || hasOpenFiles()) return;
  const main = mainModule === undefined ? [] : [mainModule];
  const command = [execPath, ...main, ...argv.slice(2)];
  try {
    process.execve?.(execPath, command, { ...serverAllocator, ...env });
  } catch {
    // The program's file has been replaced, or the system allows it not: all works, with more CPU time.
  }
}

/** Takes the settings of a child out of what its code sees, but for those its deployment has chosen. */
export function forgetSettings(): void {
  for (const [name, value] of Object.entries(childAllocator)) {
    if (process.env[name] === value) delete process.env[name];
  }
}

function toSettings({ keepMs }: { readonly keepMs: number }): AllocatorSettings {
  return { MIMALLOC_PURGE_DELAY: `${keepMs}`, MIMALLOC_PURGE_HOLES: "0" };
}

/** Whether anything is open beside the standard streams and what Bun itself uses; also where nobody can tell. */
function hasOpenFiles(): boolean {
  try {
    return nodeFs().readdirSync("/proc/self/fd").some((name) => Number(name) > 2 && isFile(name));
  } catch {
    // A system without such a list.
    return true;
  }
}

function isFile(descriptor: string): boolean {
  try {
    return !nodeFs().readlinkSync(`/proc/self/fd/${descriptor}`).startsWith("anon_inode:");
  } catch {
    // The list's own, closed by now.
    return false;
  }
}
