import { readFileSync } from "node:fs";

/** How much memory a process has resident; undefined where the system does not tell, or it is gone. */
export function readRssBytes(pid: number): number | undefined {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    // No such process, or no such file on this system: both mean that nothing can be said.
    return undefined;
  }
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
