import { readdirSync, readFileSync } from "node:fs";

/** The kernel's USER_HZ, in which /proc counts CPU time: 100 on every Linux that Bun runs on. */
const ticksPerSecond = 100;

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly cpuTicks: number;
}

/**
 * Adds up the CPU seconds that a process and everything it started have used: user and system time
 * of those alive and of the children that each has reaped. A process counts as started by `root`
 * when it descends from it or is in its session, so one whose parent died is not lost.
 */
export function cpuSecondsOf(root: number): number {
  const ticks = treeOf(root).reduce((sum, stat) => sum + stat.cpuTicks, 0);
  return ticks / ticksPerSecond;
}

/** Lists the process IDs of a process and of everything it started. */
export function pidsOf(root: number): number[] {
  return treeOf(root).map((stat) => stat.pid);
}

function treeOf(root: number): ProcessStat[] {
  const stats = readAllStats();
  const members = new Set([root]);
  // /proc lists a child before its parent once process IDs wrapped around: repeat until it settles.
  for (let before = 0; before !== members.size;) {
    before = members.size;
    for (const stat of stats) {
      if (stat.session === root || members.has(stat.parent)) members.add(stat.pid);
    }
  }
  return stats.filter((stat) => members.has(stat.pid));
}

function readAllStats(): ProcessStat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
}

function readStat(pid: number): ProcessStat | undefined {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // The process ended after it was listed.
    return undefined;
  }
  return parseStat(pid, line);
}

/** Reads proc(5)'s stat line, whose second field is a name that may hold spaces and parentheses. */
function parseStat(pid: number, line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  // Numbered as in proc(5), where the field after the name, the state, is number 3.
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid,
    parent: field(4),
    session: field(6),
    cpuTicks: field(14) + field(15) + field(16) + field(17),
  };
}
