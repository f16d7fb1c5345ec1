/** `prctl(2)`: the option that names a signal for the parent's death. */
export const prSetPdeathsig = 1;

/** The number of SIGKILL. */
export const sigkill = 9;

/** `flock(2)`: how a file is locked, without waiting for others. */
export const flockOperations = { shared: 1 | 4, alone: 2 | 4 } as const;

/** Names under which the C library may be found: glibc first, then musl. */
export function libcNames(architecture: string): readonly string[] {
  const machine = architecture === "arm64" || architecture === "aarch64" ? "aarch64" : "x86_64";
  return ["libc.so.6", `libc.musl-${machine}.so.1`];
}
