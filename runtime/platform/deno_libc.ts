import {
  libcNames,
  mapReadWrite,
  mapSharedFlag,
  openReadWrite,
  prSetDumpable,
  prSetPdeathsig,
  sigkill,
} from "./linux.ts";
import type { FolderLock } from "./platform.ts";

/** Locks a folder by `flock`. */
export function lockFolder(path: string, kind: "shared" | "alone"): FolderLock | undefined {
  const file = tryOpen(path);
  if (!file?.tryLockSync(kind === "alone")) {
    file?.close();
    return undefined;
  }
  let isOpen = true;
  return {
    unlock() {
      if (isOpen) file.close();
      isOpen = false;
    },
  };
}

function tryOpen(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path);
  } catch {
    // Gone, or somebody else's: no lock either way.
    return undefined;
  }
}

/** Has the kernel end this process when its parent dies, or has died. */
export function dieWithParent(parentPid: number): void {
  prctl(prSetPdeathsig, sigkill);
  // The parent may have died before the request reached the kernel.
  if (Deno.ppid !== parentPid) Deno.kill(Deno.pid, "SIGKILL");
}

/** Keeps other processes of the same user from looking into this one. */
export function forbidInspection(): void {
  prctl(prSetDumpable, 0);
}

function prctl(option: number, value: number): void {
  const libc = openLibc({
    prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
  });
  libc?.symbols.prctl(option, BigInt(value), 0n, 0n, 0n);
  libc?.close();
}

/** Maps the first bytes of a file into memory. */
export function mapShared(path: string, bytes: number): Uint8Array | undefined {
  const libc = openLibc({
    open: { parameters: ["buffer", "i32"], result: "i32" },
    mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
    close: { parameters: ["i32"], result: "i32" },
  });
  if (!libc) return undefined;
  const { open, mmap, close } = libc.symbols;
  const file = open(new TextEncoder().encode(`${path}\0`), openReadWrite);
  const address = mmap(null, BigInt(bytes), mapReadWrite, mapSharedFlag, file, 0n);
  close(file);
  libc.close();
  // Without a file there is nothing to map, and a failure is an address of -1.
  if (file < 0 || address === null || Deno.UnsafePointer.value(address) === mapFailed) {
    return undefined;
  }
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(address, bytes));
}

const mapFailed = 2n ** 64n - 1n;

/** Opens the C library of the machine; only Linux is known well enough. */
function openLibc<const Symbols extends Deno.ForeignLibraryInterface>(symbols: Symbols) {
  if (Deno.build.os !== "linux") return undefined;
  for (const name of libcNames(Deno.build.arch)) {
    try {
      return Deno.dlopen(name, symbols);
    } catch {
      // This C library is not the one of the machine: the next name is tried.
      continue;
    }
  }
  return undefined;
}
