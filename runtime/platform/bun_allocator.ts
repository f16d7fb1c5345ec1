import process from "node:process";

/**
 * Settings of mimalloc, the allocator of Bun, which reads them before any of our code runs. By default it gives
 * memory back to the system 100 ms after it was freed, from between what is in use, too: a busy process takes it
 * again at once, page by page. That was a quarter of all CPU time under load.
 */
type AllocatorSettings = Readonly<Record<"MIMALLOC_PURGE_DELAY" | "MIMALLOC_PURGE_HOLES", string>>;

/** Long enough for the next requests to find it, short enough for a task's memory to be of use to others soon. */
export const childAllocator: AllocatorSettings = toSettings({ keepMs: 10_000 });

/** A gateway is busy for hours, and holds no memory of tasks. */
const serverAllocator = toSettings({ keepMs: 300_000 });

/**
 * Starts this program again in its place, in the same process, with settings for a busy server; returns when it
 * has them, or others that whoever runs it has chosen.
 * @throws when its file cannot be started any more.
 */
export function keepFreedMemory(mainModule: string | undefined): void {
  const { argv, env, execArgv, execPath } = process;
  if (env["MIMALLOC_PURGE_DELAY"] !== undefined) return;
  const main = mainModule === undefined ? [] : [...execArgv, mainModule];
  process.execve?.(execPath, [execPath, ...main, ...argv.slice(2)], { ...env, ...serverAllocator });
}

/** Takes the settings of a child out of its environment, which they are no part of. */
export function forgetSettings(): void {
  for (const name of Object.keys(childAllocator)) delete process.env[name];
}

function toSettings({ keepMs }: { readonly keepMs: number }): AllocatorSettings {
  return { MIMALLOC_PURGE_DELAY: `${keepMs}`, MIMALLOC_PURGE_HOLES: "0" };
}
