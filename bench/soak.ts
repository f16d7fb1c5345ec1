/**
 * `npm run bench:soak`: tasks of every kind at once, for minutes. Checks that no answer is lost or
 * doubled, that the gateway's memory stays flat, and that no file handle and no process is left.
 */
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { publish, quantile, rounded, waitFor, Webtaskd } from "./webtaskd.ts";

const app = "mixed";
const idleMs = 3_000;
/** After the load: overdue invocations run to their end, then processes idle. */
const calmMs = 30_000;
/** Memory counts once everything has been allocated that a busy server needs: after a minute of five. */
const warmUpPart = 0.2;
const sampleMs = 500;
const maxGrowth = 1.1;

const flags = [
  ...["--timeout=1500ms", "--deadline=8s", "--max-duration=6s", "--max=4", `--idle=${idleMs}ms`],
  ...["--recycle-rss=250MiB", "--max-rss=600MiB", "--max-invocations=20000", "--max-age=60s"],
];

/** One kind of request, and how many clients send it. */
interface Kind {
  readonly name: string;
  readonly clients: number;
  readonly pauseMs: number;
  readonly amount: () => number;
}

const kinds: readonly Kind[] = [
  { name: "fast", clients: 6, pauseMs: 5, amount: () => 0 },
  { name: "slow", clients: 6, pauseMs: 50, amount: () => between(50, 1_000) },
  { name: "overdue", clients: 2, pauseMs: 200, amount: () => between(1_600, 3_500) },
  { name: "blocks", clients: 1, pauseMs: 500, amount: () => between(50, 2_000) },
  { name: "crashes", clients: 1, pauseMs: 3_000, amount: () => 0 },
  { name: "leaks", clients: 1, pauseMs: 100, amount: () => 4 },
];

/** Follows every request, on the client's side and in what the server reports. */
class Ledger {
  readonly statuses: Record<string, Record<string, number>> = {};
  readonly problems: string[] = [];
  readonly #requests = new Map<string, { kind: string; status: number }>();
  readonly #reported = new Map<string, number>();
  readonly #delivered = new Map<string, number>();
  /** Requests with an invocation whose process died, or was ended. */
  readonly #unlucky = new Set<string>();

  /** The server reports something. */
  report(record: Readonly<Record<string, unknown>>): void {
    const { event, requestId, delivered, state } = record;
    if (typeof requestId !== "string") return;
    if (event === "request") count(this.#reported, requestId);
    if (event !== "invocation") return;
    if (delivered === true) count(this.#delivered, requestId);
    if (state === "CRASHED" || state === "KILLED") this.#unlucky.add(requestId);
  }

  /** A client has got its answer. */
  answered(kind: string, id: string, answer: Awaited<ReturnType<Webtaskd["get"]>>): void {
    const { status, text, requestId = "none" } = answer;
    const ofKind = this.statuses[kind] ??= {};
    ofKind[status] = (ofKind[status] ?? 0) + 1;
    if (this.#requests.has(requestId)) this.problem(`request ID ${requestId} came twice`);
    this.#requests.set(requestId, { kind, status });
    if (status === 200 && JSON.parse(text).id !== id) this.problem(`${id} got the answer ${text}`);
  }

  problem(text: string): void {
    this.problems.push(text);
  }

  /** Whether the server has reported all that the clients know of. */
  isComplete(): boolean {
    return [...this.#requests.keys()].every((id) => this.#reported.has(id));
  }

  /** Compares both sides, once all is over. */
  settle(runs: readonly string[]): void {
    for (const [id, { kind, status }] of this.#requests) {
      const reports = this.#reported.get(id) ?? 0;
      if (reports !== 1) this.problem(`request ${id} (${kind}) was reported ${reports} times`);
      const deliveries = this.#delivered.get(id) ?? 0;
      const isAnswer = status === 200 || status === 500;
      if (deliveries !== (isAnswer ? 1 : 0)) {
        this.problem(`request ${id} (${kind}, ${status}) was delivered ${deliveries} times`);
      }
      const mayFail = kind === "crashes" || this.#unlucky.has(id);
      const isExpected = status === 200 || (status === 500 && mayFail) ||
        (status === 504 && kind !== "fast");
      if (!isExpected) this.problem(`request ${id} (${kind}) got ${status}`);
    }
    if (new Set(runs).size !== runs.length) {
      this.problem(`${runs.length - new Set(runs).size} attempts ran twice`);
    }
  }
}

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "300" },
      target: { type: "string", default: "bun" },
    },
  });
  const ledger = new Ledger();
  const server = await Webtaskd.start({
    ...{ target: values.target, apps: [app], flags },
    onRecord: (record) => ledger.report(record),
  });
  try {
    return await soak(server, { ledger, seconds: Number(values.seconds), target: values.target });
  } finally {
    await server.close();
  }
}

async function soak(
  server: Webtaskd,
  { ledger, seconds, target }: {
    readonly ledger: Ledger;
    readonly seconds: number;
    readonly target: string;
  },
): Promise<number> {
  await server.get(app, "/hello");
  await server.isWithoutWorkers(calmMs);
  const handlesBefore = server.gatewayHandles().length;
  const untilMs = performance.now() + seconds * 1_000;
  const rssMiB: number[] = [];
  await Promise.all([
    ...kinds.flatMap((kind) =>
      Array.from({ length: kind.clients }, () => ask(server, { kind, ledger, untilMs }))
    ),
    sampleMemory(server, { rssMiB, untilMs }),
  ]);
  const isWithoutWorkers = await server.isWithoutWorkers(calmMs);
  await waitFor(() => ledger.isComplete(), calmMs).catch(() => {
    // What is missing is counted below.
  });
  const runs = server.path("runs");
  ledger.settle(existsSync(runs) ? readFileSync(runs, "utf8").trim().split("\n") : []);
  const handlesAfter = server.gatewayHandles().length;
  const settled = rssMiB.slice(Math.floor(rssMiB.length * warmUpPart));
  const third = Math.ceil(settled.length / 3);
  const [early, late] = [settled.slice(0, third), settled.slice(-third)].map((part) =>
    quantile(part, 0.5)
  );
  const growth = (late ?? NaN) / (early ?? NaN);
  return publish({
    ...{ target, seconds, statuses: ledger.statuses },
    rssMiB: { early: rounded(early ?? NaN), late: rounded(late ?? NaN) },
    growthPercent: rounded((growth - 1) * 100),
    handles: { before: handlesBefore, after: handlesAfter },
    problemCount: ledger.problems.length,
    problems: ledger.problems.slice(0, 20),
  }, {
    "no answer was lost or doubled": ledger.problems.length === 0,
    "the gateway's memory grew by at most 10 %": growth <= maxGrowth,
    "no worker is left": isWithoutWorkers,
    "no file handle is left": handlesAfter <= handlesBefore,
  });
}

/** One client: one request after the other, until the time is over. */
async function ask(
  server: Webtaskd,
  { kind, ledger, untilMs }: {
    readonly kind: Kind;
    readonly ledger: Ledger;
    readonly untilMs: number;
  },
): Promise<void> {
  while (performance.now() < untilMs) {
    const id = crypto.randomUUID();
    const amount = String(kind.amount());
    const query = new URLSearchParams({ kind: kind.name, id, amount, runs: server.path("runs") });
    try {
      ledger.answered(kind.name, id, await server.get(app, `/mixed?${query}`));
    } catch (error) {
      ledger.problem(`${kind.name} ${id} got no answer: ${error}`);
    }
    await sleep(kind.pauseMs * 2 * Math.random());
  }
}

async function sampleMemory(
  server: Webtaskd,
  { rssMiB, untilMs }: { readonly rssMiB: number[]; readonly untilMs: number },
): Promise<void> {
  while (performance.now() < untilMs) {
    rssMiB.push(server.gatewayRssMiB());
    await sleep(sampleMs);
  }
}

function between(least: number, most: number): number {
  return Math.round(least + Math.random() * (most - least));
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
