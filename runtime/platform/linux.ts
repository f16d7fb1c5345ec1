/** `prctl(2)`: the option that names a signal for the parent's death. */
export const prSetPdeathsig = 1;

/** `prctl(2)`: the option that says whether others may look into the process. */
export const prSetDumpable = 4;

/** The number of SIGKILL. */
export const sigkill = 9;

/** `flock(2)`: how a file is locked, without waiting for others. */
export const flockOperations = { shared: 1 | 4, alone: 2 | 4 } as const;

/** Names under which the C library may be found: glibc first, then musl. */
export function libcNames(architecture: string): readonly string[] {
  const machine = architecture === "arm64" || architecture === "aarch64" ? "aarch64" : "x86_64";
  return ["libc.so.6", `libc.musl-${machine}.so.1`];
}

/** `open(2)`: for reading and writing. */
export const openReadWrite = 2;

/** `mmap(2)`: readable and writable, and shared with whoever maps the same file. */
export const mapReadWrite = 3;
export const mapSharedFlag = 1;
