/**
 * `npm run bench:flood`: the p99 of one deployment, quiet and while another one's queue is full of
 * slow and blocking requests. Rounds alternate, so that whatever slows the machine hits both alike. A bare server
 * beside it, which shares only the processors with the flood, tells what these alone do to a p99.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type ServerProcess, startSubject } from "./server_process.ts";
import { bareBun } from "./subjects.ts";
import { publish, quantile, rounded, Webtaskd } from "./webtaskd.ts";

const probePauseMs = 2;
const probeClients = 4;
const settleMs = 1_000;
const maxRatio = 2;
const floodClients = 64;
const flags = ["--max=2", "--max-queue=200", "--timeout=20s", "--attempts=1", "--deadline=20s"];

/** How hard and how long. */
interface FloodOptions {
  readonly seconds: number;
  /** Requests per second of the flood. */
  readonly rate: number;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: "string", default: "bun" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "4" },
      rate: { type: "string", default: "2000" },
      // The flood comes from a process of its own, so that it does not slow the clock that measures.
      flooder: { type: "string" },
    },
  });
  const options = { seconds: Number(values.seconds), rate: Number(values.rate) };
  if (values.flooder !== undefined) return await flood(Number(values.flooder), options);
  await using bare = await startSubject(bareBun);
  const server = await Webtaskd.start({ target: values.target, apps: ["app", "mixed"], flags });
  try {
    return await compare({ server, bare }, { ...options, rounds: Number(values.rounds) });
  } finally {
    await server.close();
  }
}

async function compare(
  { server, bare }: { readonly server: Webtaskd; readonly bare: ServerProcess },
  options: FloodOptions & { readonly rounds: number },
): Promise<number> {
  const probeOwn = () =>
    probe(options.seconds, async () => (await server.get("bench", "/hello")).status);
  const probeBare = () =>
    probe(options.seconds, async () => {
      const response = await fetch(bare.url, { keepalive: false });
      await response.arrayBuffer();
      return response.status;
    });
  await probeOwn();
  await probeBare();
  const quiet: number[] = [];
  const flooded: number[] = [];
  const bareRatios: number[] = [];
  let refused = 0;
  let sent = 0;
  for (let round = 0; round < options.rounds; round++) {
    quiet.push(await probeOwn());
    const bareQuiet = await probeBare();
    const flooder = startFlooder(server.port, options);
    await sleep(settleMs);
    flooded.push(await probeOwn());
    bareRatios.push(await probeBare() / bareQuiet);
    const counts = await flooder;
    refused += counts.refused;
    sent += counts.sent;
    await sleep(settleMs);
  }
  const ratios = flooded.map((value, round) => value / (quiet[round] ?? NaN));
  const ratio = quantile(ratios, 0.5);
  return publish({
    quietP99Ms: quiet.map(rounded),
    floodedP99Ms: flooded.map(rounded),
    ratio: rounded(ratio),
    bareRatio: rounded(quantile(bareRatios, 0.5)),
    flood: { sent, refused },
  }, {
    "the flood filled its queue": refused > 0,
    [`the p99 of the other stays within ${maxRatio} x its quiet value`]: ratio <= maxRatio,
  });
}

/** The p99 of a few clients that are in no hurry, in milliseconds. */
async function probe(seconds: number, get: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  const untilMs = performance.now() + seconds * 1_000;
  await Promise.all(Array.from({ length: probeClients }, async () => {
    while (performance.now() < untilMs) {
      const startedMs = performance.now();
      const status = await get();
      if (status !== 200) throw new Error(`Cannot use the answer of a quiet server: ${status}`);
      times.push(performance.now() - startedMs);
      await sleep(probePauseMs);
    }
  }));
  return quantile(times, 0.99);
}

async function startFlooder(port: number, { seconds, rate }: FloodOptions) {
  // Webtaskd and the bare server are probed one after the other while it lasts.
  const span = `--seconds=${2 * (seconds + settleMs / 1_000)}`;
  const self = fileURLToPath(import.meta.url);
  const child = Bun.spawn(
    [process.execPath, self, `--flooder=${port}`, span, `--rate=${rate}`],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const counts: { sent: number; refused: number } = JSON.parse(
    await new Response(child.stdout).text(),
  );
  return counts;
}

/** Sends requests at a rate, one in ten of which blocks its process; prints what came of them. */
async function flood(port: number, { seconds, rate }: FloodOptions): Promise<number> {
  const untilMs = performance.now() + seconds * 1_000;
  const pauseMs = 1_000 * floodClients / rate;
  const counts = { sent: 0, refused: 0 };
  const open = new Set<Promise<void>>();
  const leave = new AbortController();
  const send = async () => {
    const isBlocking = counts.sent % 10 === 0;
    const kind = isBlocking ? "blocks&amount=50" : "slow&amount=500";
    counts.sent += 1;
    const response = await fetch(`http://127.0.0.1:${port}/mixed?kind=${kind}`, {
      headers: { host: "mixed-testing.localhost" },
      signal: leave.signal,
    });
    await response.arrayBuffer();
    if (response.status === 503) counts.refused += 1;
  };
  await Promise.all(Array.from({ length: floodClients }, async () => {
    while (performance.now() < untilMs) {
      // Whoever floods does not wait for answers; those cut off at the end are no failure.
      const sending: Promise<void> = send().catch(() => {}).finally(() => open.delete(sending));
      open.add(sending);
      await sleep(pauseMs * 2 * Math.random());
    }
  }));
  leave.abort();
  await Promise.all(open);
  process.stdout.write(JSON.stringify(counts));
  return 0;
}
