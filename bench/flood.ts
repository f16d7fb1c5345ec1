/**
 * `npm run bench:flood`: the p99 of one deployment, quiet and while another one's queue is full of
 * slow and blocking requests. Rounds alternate, so that whatever slows the machine hits both alike. A bare server
 * beside it, which shares only the processors with the flood, tells what these alone do to a p99.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Connection } from "./connection.ts";
import { Flooder } from "./flooder.ts";
import { startSubject } from "./server_process.ts";
import { bareBun, host } from "./subjects.ts";
import { publish, quantile, rounded, Webtaskd } from "./webtaskd.ts";

const probePauseMs = 2;
const probeClients = 4;
const settleMs = 1_000;
const warmUps = 3;
const maxRatio = 2;
const limits = ["--max=2", "--max-queue=200", "--timeout=20s", "--attempts=1", "--deadline=20s"];
// No line for each request, which the process that measures would have to read.
const flags = [...limits, "--log=text"];

/** Measures the p99 of a server in milliseconds. */
type Probe = () => Promise<number>;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: "string", default: "bun" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "4" },
      rate: { type: "string", default: "2000" },
      // One request in so many blocks its process; 0: none does.
      blocking: { type: "string", default: "10" },
    },
  });
  const seconds = Number(values.seconds);
  await using bare = await startSubject(bareBun);
  const server = await Webtaskd.start({ target: values.target, apps: ["app", "mixed"], flags });
  try {
    using flooder = new Flooder({
      port: server.port,
      // Webtaskd and the bare server are probed one after the other while it lasts.
      seconds: 2 * seconds + settleMs / 1_000,
      rate: Number(values.rate),
      blocking: Number(values.blocking),
    });
    const own = createProbe({ port: server.port, seconds });
    const other = createProbe({ port: Number(new URL(bare.url).port), seconds });
    return await compare({ own, other, flooder }, Number(values.rounds));
  } finally {
    await server.close();
  }
}

async function compare(
  { own, other, flooder }: { own: Probe; other: Probe; flooder: Flooder },
  rounds: number,
): Promise<number> {
  // Not counted: what a process does but once, as compiling its code, is no part of a flood.
  await Promise.all([flooder.flood(), own(), other()]);
  for (let warmUp = 0; warmUp < warmUps; warmUp++) await own();
  const quiet: number[] = [];
  const busy: number[] = [];
  const ratios: number[] = [];
  const bareRatios: number[] = [];
  const counts = { sent: 0, refused: 0 };
  for (let round = 0; round < rounds; round++) {
    await sleep(settleMs);
    const ownQuiet = await own();
    const bareQuiet = await other();
    const flood = flooder.flood();
    await sleep(settleMs);
    const ownBusy = await own();
    bareRatios.push(await other() / bareQuiet);
    ratios.push(ownBusy / ownQuiet);
    quiet.push(ownQuiet);
    busy.push(ownBusy);
    const { sent, refused } = await flood;
    counts.refused += refused;
    counts.sent += sent;
  }
  const ratio = quantile(ratios, 0.5);
  return publish({
    quietP99Ms: quiet.map(rounded),
    floodedP99Ms: busy.map(rounded),
    ratio: rounded(ratio),
    bareRatio: rounded(quantile(bareRatios, 0.5)),
    flood: counts,
  }, {
    "the flood filled its queue": counts.refused > 0,
    [`the p99 of the other stays within ${maxRatio} x its quiet value`]: ratio <= maxRatio,
  });
}

/** Measures by a few clients that are in no hurry. */
function createProbe({ port, seconds }: { port: number; seconds: number }): Probe {
  const connections = Array.from({ length: probeClients }, () => new Connection(port));
  return async () => {
    const times: number[] = [];
    const untilMs = performance.now() + seconds * 1_000;
    await Promise.all(connections.map(async (connection) => {
      while (performance.now() < untilMs) {
        const startedMs = performance.now();
        const status = await connection.get(host, "/hello");
        if (status !== 200) throw new Error(`Cannot use the answer of a quiet server: ${status}`);
        times.push(performance.now() - startedMs);
        await sleep(probePauseMs);
      }
    }));
    return quantile(times, 0.99);
  };
}
