import { readdirSync, readFileSync } from "node:fs";

/** A process as `/proc` shows it; its start time tells it from a later one with the same number. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
  readonly isZombie: boolean;
}

/** Lists the processes below `pid`, itself not included. */
export function descendantsOf(pid: number): ProcessEntry[] {
  const all = allProcesses();
  const below = (parent: number): ProcessEntry[] =>
    all.filter((entry) => entry.parent === parent)
      .flatMap((entry) => [entry, ...below(entry.pid)]);
  return below(pid);
}

/** Lists the worker processes below `pid` that are alive. */
export function workersBelow(pid: number): ProcessEntry[] {
  return inRole(pid, "worker");
}

/** Lists the processes below `pid` that migrate a database. */
export function migratorsBelow(pid: number): ProcessEntry[] {
  return inRole(pid, "migrator");
}

function inRole(pid: number, role: string): ProcessEntry[] {
  return descendantsOf(pid)
    .filter((entry) =>
      !entry.isZombie && read(`/proc/${entry.pid}/cmdline`).endsWith(`\0${role}\0`)
    );
}

/** Lists the processes whose environment or command line holds the text. */
export function processesNaming(text: string): ProcessEntry[] {
  return allProcesses().filter(({ pid }) =>
    [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`].some((file) => read(file).includes(text))
  );
}

/** Whether the process still runs; a zombie only waits for its parent. */
export function isAlive(known: ProcessEntry): boolean {
  const now = readEntry(known.pid);
  return now !== undefined && now.startTime === known.startTime && !now.isZombie;
}

/** Whether a process of this number runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  return readEntry(pid)?.isZombie === false;
}

function allProcesses(): ProcessEntry[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readEntry(Number(name)))
    .filter((entry) => entry !== undefined);
}

function readEntry(pid: number): ProcessEntry | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The command's name stands in parentheses and may hold spaces: fields are counted after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields;
  const startTime = fields[19];
  if (!state || !parent || !startTime) return undefined;
  return { pid, parent: Number(parent), startTime, isZombie: state === "Z" || state === "X" };
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process ended between listing and reading, which is what callers want to know.
    return "";
  }
}
