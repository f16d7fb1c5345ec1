import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where the system shows its control groups; tests have files of their own. */
export interface CgroupFiles {
  /** Where the unified hierarchy is mounted. */
  readonly root: string;
  /** Says in which group this process is. */
  readonly own: string;
}

const systemFiles: CgroupFiles = { root: "/sys/fs/cgroup", own: "/proc/self/cgroup" };

/** The control group of one process, with a hard limit of its memory. */
export class MemoryGroup {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Whether the kernel has killed a process of the group for its memory. */
  get wasKilled(): boolean {
    const [, kills] = /^oom_kill (\d+)$/m.exec(read(join(this.#dir, "memory.events"))) ?? [];
    return kills !== undefined && kills !== "0";
  }

  /** Removes the group, which must be empty. */
  remove(): void {
    rmdirSync(this.#dir);
  }
}

/**
 * Control groups (cgroup v2) of worker processes, where the service manager has delegated one to the
 * gateway: systemd does with `Delegate=memory`. The watch over memory looks once a second; a limit of
 * the kernel holds between two looks, too.
 */
export class MemoryGroups {
  readonly #dir: string;
  readonly #maxBytes: number;
  #count = 0;

  private constructor(dir: string, maxBytes: number) {
    this.#dir = dir;
    this.#maxBytes = maxBytes;
  }

  /** Takes the group of this process over; undefined when it is not its own to divide. */
  static open(maxBytes: number, files = systemFiles): MemoryGroups | undefined {
    const dir = findOwnGroup(files);
    if (dir === undefined || !isDelegated(dir)) return undefined;
    // Only a group without processes of its own may be divided.
    const own = join(dir, "gateway");
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "cgroup.procs"), read(join(dir, "cgroup.procs")).trim());
    writeFileSync(join(dir, "cgroup.subtree_control"), "+memory");
    return new MemoryGroups(dir, maxBytes);
  }

  /** Puts a process into a group of its own. */
  add(pid: number): MemoryGroup {
    this.#count += 1;
    const dir = join(this.#dir, `worker-${this.#count}`);
    mkdirSync(dir);
    writeFileSync(join(dir, "memory.max"), String(this.#maxBytes));
    writeFileSync(join(dir, "memory.swap.max"), "0");
    writeFileSync(join(dir, "cgroup.procs"), String(pid));
    return new MemoryGroup(dir);
  }
}

function findOwnGroup({ root, own }: CgroupFiles): string | undefined {
  const [, path] = /^0::(\/.*)$/m.exec(read(own)) ?? [];
  return path === undefined || path === "/" ? undefined : join(root, path);
}

/** It can limit memory, may be written to, and holds nobody but this process. */
function isDelegated(dir: string): boolean {
  const hasMemory = read(join(dir, "cgroup.controllers")).split(/\s/).includes("memory");
  const isAlone = read(join(dir, "cgroup.procs")).trim().split("\n").length === 1;
  return hasMemory && isAlone && isWritable(join(dir, "cgroup.subtree_control"));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    // Not ours to write, or not there: either way it is not delegated.
    return false;
  }
}

/** The text of a file; empty when there is none, as on systems without control groups. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
