import { setTimeout as sleep } from "node:timers/promises";
import { runLoad } from "./load.ts";
import type { ServerProcess } from "./server_process.ts";
import { host } from "./subjects.ts";

const manyConnections = 64;
const warmUpSeconds = 1;
/** Work that a server put off, such as writing what it recorded, counts while it ends in this time. */
const settleMs = 300;

/** What one round measured of one subject. */
export interface Sample {
  readonly cpuMicrosPerRequest: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p50OneConnectionMs: number;
}

/** Measures a server once: at 64 connections for `seconds`, then at one for half as long. */
export async function measure(server: ServerProcess, seconds: number): Promise<Sample> {
  const target = { url: server.url, host };
  await runLoad({ ...target, connections: manyConnections, seconds: warmUpSeconds });
  await sleep(settleMs);
  const cpuBefore = server.cpuSeconds();
  const many = await runLoad({ ...target, connections: manyConnections, seconds });
  await sleep(settleMs);
  const cpuSeconds = server.cpuSeconds() - cpuBefore;
  const one = await runLoad({ ...target, connections: 1, seconds: Math.ceil(seconds / 2) });
  return {
    cpuMicrosPerRequest: cpuSeconds * 1e6 / many.requests,
    requestsPerSecond: many.requestsPerSecond,
    p50Ms: many.p50Ms,
    p99Ms: many.p99Ms,
    p50OneConnectionMs: one.p50Ms,
  };
}
