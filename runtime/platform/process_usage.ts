import process from "node:process";
import type { ProcessUsage } from "./platform.ts";

/** Task code may replace them. */
const resourceUsage = process.resourceUsage.bind(process);
const memoryOf = process.memoryUsage.rss.bind(process.memoryUsage);
const microsecondsPerMs = 1000;
const bytesPerKilobyte = 1024;

/** Reads what this process has used. */
export function readUsage(): ProcessUsage {
  const { userCPUTime, systemCPUTime, maxRSS } = resourceUsage();
  return {
    cpuMs: (userCPUTime + systemCPUTime) / microsecondsPerMs,
    maxRssBytes: maxRSS * bytesPerKilobyte,
  };
}

/** Reads the resident memory of this process. */
export function readRssBytes(): number {
  return memoryOf();
}
