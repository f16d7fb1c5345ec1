/**
 * `npm run bench:traces`: what keeping traces costs beside not keeping them, in interleaved rounds;
 * what a record costs on its way into a large store, and how long searches take there; and the p99
 * while tasks print, beside that without.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { runLoad } from "./load.ts";
import { type ServerProcess, startSubject } from "./server_process.ts";
import { host } from "./subjects.ts";
import { measureStore } from "./trace_store.ts";
import { publish, quantile, rounded, Webtaskd } from "./webtaskd.ts";

const connections = 64;
/** Until the compilers have seen all of the hot path. */
const warmUpSeconds = 4;
const maxCostRatio = 1.15;
const maxSearchMs = 200;
const maxPrintingRatio = 1.5;
const linesPerRequest = 100;
const printsPerSecond = 10;
const printers = 2;
const probePauseMs = 2;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: "string", default: "bun" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "3" },
      rows: { type: "string", default: "10000000" },
    },
  });
  const times = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  const cost = await measureCost(values.target, times);
  const printing = await measurePrinting(values.target, times);
  const store = await measureStore(Number(values.rows));
  const slowest = Math.max(...Object.values(store.searchMs));
  return publish({ cost, printing, store }, {
    [`tracing costs <= ${maxCostRatio} x CPU per request`]: cost.ratio <= maxCostRatio,
    [`p99 while tasks print <= ${maxPrintingRatio} x quiet`]: printing.ratio <= maxPrintingRatio,
    [`every search in ${values.rows} invocations <= ${maxSearchMs} ms`]: slowest <= maxSearchMs,
  });
}

interface Times {
  readonly rounds: number;
  readonly seconds: number;
}

/** CPU of all processes per request of hello world, with and without traces, round by round. */
async function measureCost(target: string, { rounds, seconds }: Times) {
  await using keeping = await startSubject(`webtaskd-${target}`);
  await using without = await startSubject(`webtaskd-${target}-no-traces`);
  for (const server of [without, keeping]) await cpuUsPerRequest(server, warmUpSeconds);
  const [on, off, ratios]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const offUs = await cpuUsPerRequest(without, seconds);
    const onUs = await cpuUsPerRequest(keeping, seconds);
    off.push(offUs);
    on.push(onUs);
    ratios.push(onUs / offUs);
  }
  return {
    onUs: rounded(quantile(on, 0.5)),
    offUs: rounded(quantile(off, 0.5)),
    ratio: Math.round(quantile(ratios, 0.5) * 100) / 100,
  };
}

async function cpuUsPerRequest(server: ServerProcess, seconds: number): Promise<number> {
  const before = server.cpuSeconds();
  const { requests } = await runLoad({ url: server.url, host, connections, seconds });
  return (server.cpuSeconds() - before) / requests * 1e6;
}

/** The p99 of a quiet task, alone and while two others print 1,000 lines a second each. */
async function measurePrinting(target: string, { rounds, seconds }: Times) {
  const server = await Webtaskd.start({ target, apps: ["app", "mixed"], flags: ["--log=text"] });
  try {
    await probe(server, 1);
    const quiet: number[] = [];
    const printing: number[] = [];
    for (let round = 0; round < rounds; round++) {
      quiet.push(await probe(server, seconds));
      const stop = new AbortController();
      const prints = Array.from({ length: printers }, () => print(server, stop.signal));
      printing.push(await probe(server, seconds));
      stop.abort();
      await Promise.all(prints);
    }
    const [quietMs, printingMs] = [quantile(quiet, 0.5), quantile(printing, 0.5)];
    const ratio = Math.round(printingMs / quietMs * 100) / 100;
    return { quietMs: rounded(quietMs), printingMs: rounded(printingMs), ratio };
  } finally {
    await server.close();
  }
}

async function probe(server: Webtaskd, seconds: number): Promise<number> {
  const untilMs = performance.now() + seconds * 1_000;
  const times: number[] = [];
  while (performance.now() < untilMs) {
    const startMs = performance.now();
    const { status } = await server.get("bench", "/hello");
    if (status !== 200) throw new Error(`Cannot use an answer with status ${status}`);
    times.push(performance.now() - startMs);
    await sleep(probePauseMs);
  }
  return quantile(times, 0.99);
}

async function print(server: Webtaskd, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const next = sleep(1_000 / printsPerSecond);
    await server.get("mixed", `/mixed?kind=prints&amount=${linesPerRequest}`);
    await next;
  }
}
