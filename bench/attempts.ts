/**
 * `npm run bench:attempts`: how late a second attempt starts when several are due at once, and how
 * long a new process takes until it runs its first request.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { programs, publish, quantile, rounded, waitFor, Webtaskd } from "./webtaskd.ts";

const app = "mixed";
const timeoutMs = 2_000;
const atOnce = 4;
const maxLateMs = 50;
const maxReadyMs = 40;
const recordTimeoutMs = 20_000;
const settleMs = 500;

/** When something of a request happened, as the server reports it. */
interface Times {
  requestAtMs?: number;
  readonly attemptsAtMs: Map<number, number>;
}

/** The times of every request a server has reported. */
class Reports {
  readonly #times = new Map<string, Times>();

  take({ event, requestId, attempt, startedAt }: Readonly<Record<string, unknown>>): void {
    if (typeof requestId !== "string" || typeof startedAt !== "number") return;
    const times: Times = this.#times.get(requestId) ?? { attemptsAtMs: new Map() };
    this.#times.set(requestId, times);
    if (event === "request") times.requestAtMs = startedAt;
    if (event === "invocation") times.attemptsAtMs.set(Number(attempt), startedAt);
  }

  /** The time from the request to its first attempt. */
  async waitOf(requestId: string | undefined): Promise<number> {
    const find = () => this.#times.get(requestId ?? "none");
    await waitFor(() => find()?.requestAtMs !== undefined, recordTimeoutMs);
    return (find()?.attemptsAtMs.get(1) ?? NaN) - (find()?.requestAtMs ?? NaN);
  }

  /** The time from when a second attempt is due to its start. */
  async latenessOf(requestId: string | undefined): Promise<number> {
    const attempts = () => this.#times.get(requestId ?? "none")?.attemptsAtMs;
    await waitFor(() => attempts()?.size === 2, recordTimeoutMs);
    return (attempts()?.get(2) ?? NaN) - (attempts()?.get(1) ?? NaN) - timeoutMs;
  }
}

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "10" },
      targets: { type: "string", default: Object.keys(programs).join(",") },
    },
  });
  const results = [];
  for (const target of values.targets.split(",")) {
    results.push(await measure(target, Number(values.rounds)));
  }
  const goals: Record<string, boolean> = {};
  for (const { target, lateMs, readyMs } of results) {
    goals[`${target}: ${atOnce} attempts start within ${maxLateMs} ms of their time`] =
      lateMs.max <= maxLateMs;
    if (target !== "executable") continue;
    goals[`${target}: a new process is ready within ${maxReadyMs} ms (p50)`] =
      readyMs.p50 <= maxReadyMs;
  }
  return publish({ results }, goals);
}

async function measure(target: string, rounds: number) {
  const reports = new Reports();
  const server = await Webtaskd.start({
    ...{ target, apps: [app], onRecord: (record) => reports.take(record) },
    flags: [`--timeout=${timeoutMs}ms`, "--attempts=2", "--deadline=20s", "--max=1"],
  });
  try {
    await server.get(app, "/mixed?kind=fast");
    const lateMs: number[] = [];
    const readyMs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      lateMs.push(...await measureLateness(server, reports));
      readyMs.push(await measureReadiness(server, reports));
    }
    return { target, lateMs: summarize(lateMs), readyMs: summarize(readyMs) };
  } finally {
    await server.close();
  }
}

async function measureLateness(server: Webtaskd, reports: Reports): Promise<number[]> {
  const path = `/mixed?kind=overdue&amount=${timeoutMs + 500}`;
  const answers = await Promise.all(Array.from({ length: atOnce }, () => server.get(app, path)));
  return await Promise.all(answers.map(({ requestId }) => reports.latenessOf(requestId)));
}

/** With no process left, a request waits for as long as one takes to be ready. */
async function measureReadiness(server: Webtaskd, reports: Reports): Promise<number> {
  const pids = server.workerPids();
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await waitFor(() => server.workerPids().length === 0, recordTimeoutMs);
  // The gateway has to learn of it, which is no part of a start.
  await sleep(settleMs);
  const { requestId } = await server.get(app, "/mixed?kind=fast");
  return await reports.waitOf(requestId);
}

function summarize(values: readonly number[]) {
  return {
    count: values.length,
    p50: rounded(quantile(values, 0.5)),
    p90: rounded(quantile(values, 0.9)),
    max: rounded(Math.max(...values)),
  };
}
