import { dlopen, type FFIFunction, FFIType } from "bun:ffi";
import { nodeFs } from "./bun_modules.ts";
import { flockOperations, libcNames, prSetDumpable, prSetPdeathsig, sigkill } from "./linux.ts";
import type { FolderLock } from "./platform.ts";

/** Locks a folder by `flock`. */
export function lockFolder(path: string, kind: "shared" | "alone"): FolderLock | undefined {
  const file = tryOpen(path);
  if (file === undefined) return undefined;
  const libc = openLibc({ flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } });
  const isLocked = libc?.symbols.flock(file, flockOperations[kind]) === 0;
  libc?.close();
  if (!isLocked) {
    nodeFs().closeSync(file);
    return undefined;
  }
  let isOpen = true;
  return {
    unlock() {
      // A closed number may by now be another file's.
      if (isOpen) nodeFs().closeSync(file);
      isOpen = false;
    },
  };
}

function tryOpen(path: string): number | undefined {
  try {
    return nodeFs().openSync(path, "r");
  } catch {
    // Gone, or somebody else's: no lock either way.
    return undefined;
  }
}

function openLibc<const Functions extends Record<string, FFIFunction>>(functions: Functions) {
  for (const name of libcNames(process.arch)) {
    try {
      return dlopen(name, functions);
    } catch {
      // This C library is not the one of the machine: the next name is tried.
      continue;
    }
  }
  return undefined;
}

/** Has the kernel end this process when its parent dies, or has died. */
export function dieWithParent(parentPid: number): void {
  prctl(prSetPdeathsig, sigkill);
  // The parent may have died before the request reached the kernel.
  if (process.ppid !== parentPid) process.kill(process.pid, "SIGKILL");
}

/** Keeps other processes of the same user from looking into this one. */
export function forbidInspection(): void {
  prctl(prSetDumpable, 0);
}

function prctl(option: number, value: number): void {
  if (process.platform !== "linux") return;
  const { u64, i32 } = FFIType;
  const libc = openLibc({ prctl: { args: [i32, u64, u64, u64, u64], returns: i32 } });
  libc?.symbols.prctl(option, value, 0, 0, 0);
  libc?.close();
}
