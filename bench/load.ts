/** What one run of wrk measured. */
export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What to ask of which server, how hard and for how long. */
export interface LoadOptions {
  readonly url: string;
  readonly host: string;
  readonly connections: number;
  readonly seconds: number;
}

/**
 * Runs wrk against a server.
 * @throws {Error} when wrk fails, or any answer was an error or none.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const report = await runWrk(options);
  const failures = /^.*(?:Socket errors|Non-2xx).*$/m.exec(report);
  if (failures) {
    throw new Error(`Cannot use the measurement of ${options.url}: ${failures[0].trim()}`);
  }
  return parseReport(report);
}

async function runWrk({ url, host, connections, seconds }: LoadOptions): Promise<string> {
  const shape = ["--threads", "1", "--connections", String(connections), "--latency"];
  const command = ["wrk", ...shape, "--duration", `${seconds}s`, "--header", `Host: ${host}`, url];
  const wrk = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [report, complaint] = await Promise.all([readText(wrk.stdout), readText(wrk.stderr)]);
  if (await wrk.exited !== 0) {
    throw new Error(`Cannot put load on ${url}: ${complaint}${report}`);
  }
  return report;
}

/**
 * Reads the report of wrk.
 * @throws {Error} when a number is missing in it.
 */
export function parseReport(report: string): LoadResult {
  return {
    requests: Number(find(report, /(\d+) requests in/)),
    requestsPerSecond: Number(find(report, /Requests\/sec:\s+([\d.]+)/)),
    p50Ms: toMs(find(report, /^\s+50%\s+(\S+)\s*$/m)),
    p99Ms: toMs(find(report, /^\s+99%\s+(\S+)\s*$/m)),
  };
}

function readText(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text();
}

function find(report: string, pattern: RegExp): string {
  const text = pattern.exec(report)?.[1];
  if (text === undefined) {
    throw new Error(`Cannot find ${pattern} in the report of wrk: ${report}`);
  }
  return text;
}

/** Reads a duration as wrk writes it: `53.00us`, `1.20ms`, `2.10s`, `1.00m`. */
function toMs(text: string): number {
  const number = parseFloat(text);
  if (text.endsWith("us")) return number / 1000;
  if (text.endsWith("ms")) return number;
  if (text.endsWith("s")) return number * 1000;
  return number * 60_000;
}
