import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Connection } from "../bench/connection.ts";
import { parseReport } from "../bench/load.ts";
import type { Sample } from "../bench/measure.ts";
import { cpuSecondsOf, pidsOf } from "../bench/process_tree.ts";
import { createSubjects } from "../bench/subjects.ts";
import { judge, median, summarize } from "../bench/summary.ts";

describe("parseReport()", () => {
  test("reads requests, rate and percentiles of a report of wrk", () => {
    const report = `Running 2s test @ http://127.0.0.1:8787/hello
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.25ms  599.43us  12.10ms   92.50%
    Req/Sec    51.77k     3.40k   57.93k    70.99%
  Latency Distribution
     50%    1.12ms
     75%    1.30ms
     90%    1.65ms
     99%  780.00us
  108220 requests in 2.10s, 14.04MB read
Requests/sec:  51533.12
Transfer/sec:      6.68MB
`;
    expect(parseReport(report)).toEqual({
      requests: 108_220,
      requestsPerSecond: 51_533.12,
      p50Ms: 1.12,
      p99Ms: 0.78,
    });
  });

  test("reads seconds, behind which wrk leaves a blank", () => {
    const report =
      "  50%   37.10ms\n  99%    1.33s \n  2646 requests in 2.02s\nRequests/sec:  1309.11\n";
    expect(parseReport(report)).toMatchObject({ p50Ms: 37.1, p99Ms: 1_330 });
  });

  test("refuses a report without numbers", () => {
    expect(() => parseReport("unable to connect")).toThrow("Cannot find");
  });
});

describe("cpuSecondsOf()", () => {
  test("counts a child that has been reaped and one that is alive", async () => {
    const burn = "i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done";
    const script = `sh -c '${burn}'; echo reaped; sh -c '${burn}; echo alive; read line'; :`;
    const shell = Bun.spawn(["sh", "-c", script], {
      stdin: "pipe",
      stdout: "pipe",
      detached: true,
    });
    const output = shell.stdout.getReader();
    await output.read();
    const reapedSeconds = cpuSecondsOf(shell.pid);
    await output.read();
    expect(reapedSeconds).toBeGreaterThan(0.02);
    expect(cpuSecondsOf(shell.pid)).toBeGreaterThan(reapedSeconds + 0.02);
    expect(pidsOf(shell.pid).length).toBe(2);
    await shell.stdin.end();
    await shell.exited;
  });
});

describe("median()", () => {
  test.each([[[3, 1, 2], 2], [[4, 1, 2, 3], 2.5], [[], NaN]])("of %p is %p", (values, middle) => {
    expect(median(values)).toBe(middle);
  });
});

describe("judge()", () => {
  const bareSample: Sample = {
    cpuMicrosPerRequest: 10,
    requestsPerSecond: 50_000,
    p50Ms: 1,
    p99Ms: 2,
    p50OneConnectionMs: 0.03,
  };

  test("compares each round with the base of the same round", () => {
    const slowRound = { ...bareSample, cpuMicrosPerRequest: 20 };
    const own = { ...bareSample, cpuMicrosPerRequest: 24, requestsPerSecond: 25_000 };
    const verdicts = judgeSamples([bareSample, slowRound], {
      own: [own, { ...own, cpuMicrosPerRequest: 48 }],
      workerd: [{ ...bareSample, requestsPerSecond: 10_000 }],
    });
    expect(verdicts).toEqual(["2.40 met", "0.50 met", "1.00 met", "25000 > 10000 met"]);
  });

  test("finds what misses a goal", () => {
    const own = { cpuMicrosPerRequest: 26, requestsPerSecond: 19_000, p50OneConnectionMs: 0.13 };
    const verdicts = judgeSamples([bareSample], {
      own: [{ ...bareSample, ...own }],
      workerd: [{ ...bareSample, requestsPerSecond: 20_000 }],
    });
    expect(verdicts).toEqual(["2.60 missed", "0.38 missed", "4.33 missed", "19000 > 20000 missed"]);
  });
});

interface JudgedSamples {
  readonly own: readonly Sample[];
  readonly workerd: readonly Sample[];
}

function judgeSamples(bare: readonly Sample[], { own, workerd }: JudgedSamples): string[] {
  const samplesByName = new Map([["bun-bare", bare], ["webtaskd-bun", own], ["workerd", workerd]]);
  const series = createSubjects().flatMap((subject) => {
    const samples = samplesByName.get(subject.name);
    return samples ? [{ subject, samples }] : [];
  });
  return judge(series, summarize(series)).map(({ value, isMet }) =>
    `${value} ${isMet ? "met" : "missed"}`
  );
}

describe("Connection", () => {
  test("tells the status once the whole answer is there", async () => {
    await using server = await listen((socket) => {
      socket.write("HTTP/1.1 503 Service Unavailable\r\ncontent-le");
      socket.write("ngth: 4\r\n\r\nbu");
      setImmediate(() => socket.write("sy"));
    });
    const connection = new Connection(server.port);
    expect(await connection.get("a", "/")).toBe(503);
    expect(await connection.get("a", "/")).toBe(503);
    expect(server.accepted()).toBe(1);
    connection.close();
  });

  test("connects again after the server has closed, and fails where no answer came", async () => {
    let isHealthy = false;
    await using server = await listen((socket) => {
      if (isHealthy) socket.write("HTTP/1.1 204 No Content\r\n\r\n");
      else socket.destroy();
    });
    const connection = new Connection(server.port);
    const lost = connection.get("a", "/");
    await expect(lost).rejects.toThrow("ended before the answer");
    isHealthy = true;
    expect(await connection.get("a", "/")).toBe(204);
    expect(server.accepted()).toBe(2);
    connection.close();
  });
});

/** Listens on a free port and answers whatever comes. */
async function listen(answer: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on("data", () => answer(socket));
    // A reset is a close like any other here.
    socket.on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Cannot listen on a port");
  return {
    port: address.port,
    accepted: () => sockets.length,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
