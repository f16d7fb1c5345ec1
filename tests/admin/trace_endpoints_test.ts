import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { delay } from "../../runtime/base/deadline.ts";
import { type AdminSource, createAdmin, type ReplayOutcome } from "../../runtime/admin/admin.ts";
import { AdminClient } from "../../runtime/admin/admin_client.ts";
import { platform } from "../../runtime/platform/bun.ts";
import type { HttpAddress, RequestInfo } from "../../runtime/platform/platform.ts";
import { createTempFolder } from "../temp_folder.ts";
import type { LogFilter, RequestDetail, TraceFilter } from "../../runtime/store/trace_reader.ts";
import {
  FakeTraceReader,
  sampleLine,
  sampleRequest,
  sampleRow,
  sampleTimeMs,
  sampleTrace,
  traceIdOf,
} from "../traces/samples.ts";

/** Its default is 10 s, which it looks at every 4 s. */
const bunIdleMs = 15_000;
const info: RequestInfo = {
  host: () => "admin",
  clientAddress: () => undefined,
  recordedAddress: () => undefined,
  waiting() {},
  answering() {},
};

/** The handler of an admin listener on a port, over a reader in memory. */
function createHandler(outcome: ReplayOutcome = { kind: "unknown" }) {
  const traces = new FakeTraceReader();
  const source: AdminSource = {
    traces,
    metrics: () => Promise.resolve({ contentType: "text/plain", text: "" }),
    isReady: () => true,
    wallMs: () => sampleTimeMs,
    replay: () => Promise.resolve(outcome),
  };
  const handler = createAdmin(source, { kind: "tcp", host: "admin", port: 80 });
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("host")) headers.set("host", "admin");
    const response = await handler(new Request(`http://admin${path}`, { ...init, headers }), info);
    return { status: response.status, json: await response.json() };
  };
  return { traces, handler, ask };
}

describe("GET /traces", () => {
  test("hands every filter on", async () => {
    const { traces, ask } = createHandler();
    const query = "task=orders&state=failed&since=10m&slow=1s&deployment=acme&request=r1&limit=7";
    expect(await ask(`/traces?${query}`)).toEqual({ status: 200, json: [] });
    expect(traces.traceFilters).toEqual([{
      ...{ deployment: "acme", task: "orders", state: "FAILED", requestId: "r1", limit: 7 },
      sinceMs: sampleTimeMs - 600_000,
      slowMs: 1000,
    }]);
  });

  test("writes null for what is absent, so that every name is there", async () => {
    const { traces, ask } = createHandler();
    traces.rows = [sampleRow({ state: "RUNNING", status: undefined, durationMs: undefined })];
    const { json: [row] } = await ask("/traces");
    expect(Object.keys(row).join(" ")).toBe(
      "traceId requestId attempt deployment release task method path state reason status " +
        "delivered startedAt durationMs",
    );
    expect(row).toMatchObject({ status: null, durationMs: null, reason: null });
  });

  test.each([
    ["state=DONE", 'Cannot use state "DONE": give one of RUNNING, COMPLETED'],
    ["since=yesterday", 'Cannot use since "yesterday": give how long ago, as "10m"'],
    ["slow=1", 'Cannot use slow "1": give a duration with a unit, as "1s"'],
    ["limit=0", 'Cannot use limit "0": give a whole number from 1 to 10000'],
    ["limit=1e3", "Cannot use limit"],
    ["task=", 'Cannot use task "": give a value'],
    ["tasks=a", 'there is no such filter, did you mean "task"?'],
    ["tasks=a", "use deployment, task, state, request, since, slow, limit"],
  ])("refuses %p", async (query, message) => {
    const { ask } = createHandler();
    expect(await ask(`/traces?${query}`)).toEqual({
      status: 400,
      json: { message: expect.stringContaining(message) },
    });
  });
});

test("GET /traces/:id answers 404 for what nobody knows", async () => {
  const { ask } = createHandler();
  expect(await ask("/traces/none")).toMatchObject({ status: 404 });
});

test.each([
  ["trace=xyz", 'Cannot use trace "xyz": give a trace ID, 32 digits and letters from a to f'],
  ["level=loud", 'Cannot use level "loud": give one of debug, info, warn, error'],
  ["after=-1", 'Cannot use after "-1": give the number of a line'],
  ["since=x", 'Cannot use since "x": give how long ago, as "10m"'],
  ["state=failed", "use deployment, task, trace, level, since, after, limit"],
])("GET /logs refuses %p", async (query, message) => {
  const { ask } = createHandler();
  expect(await ask(`/logs?${query}`)).toEqual({
    status: 400,
    json: { message: expect.stringContaining(message) },
  });
});

test("POST /replay says why it is refused, and serves no web page", async () => {
  const { ask } = createHandler({ kind: "refused", message: "Cannot replay it" });
  const post = { method: "POST" };
  expect(await ask("/replay/r1", post)).toEqual({
    status: 409,
    json: { message: "Cannot replay it" },
  });
  const fromPage = { ...post, headers: { origin: "http://evil.example" } };
  expect(await ask("/replay/r1", fromPage)).toMatchObject({ status: 403 });
});

test("an admin listener answers nothing under a host that is not its own", async () => {
  const { traces, ask } = createHandler();
  const headers = { host: "attacker.example" };
  for (const [method, path] of [["GET", "/traces"], ["POST", "/replay/r1"], ["GET", "/none"]]) {
    expect(await ask(path ?? "", { method: method ?? "", headers })).toEqual({
      status: 403,
      json: { message: expect.stringContaining('Cannot use Host "attacker.example"') },
    });
  }
  expect(traces.traceFilters).toEqual([]);
});

describe.each(["unix", "tcp"] as const)("AdminClient over %s", (kind) => {
  /** A client, and the admin listener it asks. */
  async function connect(outcome?: ReplayOutcome) {
    const folder = await createTempFolder();
    const { traces, handler } = createHandler(outcome);
    const address: HttpAddress = kind === "unix"
      ? { kind, path: join(folder.path, "admin.sock") }
      : { kind, host: "127.0.0.1", port: 0 };
    const options = { tls: undefined, reusePort: false, idleTimeoutSeconds: 5, handler };
    const server = await platform.serveHttp({ ...options, address });
    const client = new AdminClient(
      address.kind === "unix" ? address : { ...address, port: server.port },
    );
    return {
      traces,
      client,
      async [Symbol.asyncDispose]() {
        await server.abort();
        await folder[Symbol.asyncDispose]();
      },
    };
  }

  test("reads rows, lines and requests as they are", async () => {
    await using server = await connect();
    const { traces, client } = server;
    traces.rows = [sampleRow(), sampleRow({ traceId: traceIdOf("b"), status: undefined })];
    traces.lines = [
      sampleLine({ text: "ünï\n\u0000" }),
      sampleLine({ sequence: 2, task: undefined }),
    ];
    const captured = {
      headers: [["x-a", "1"]] as const,
      query: "?a=1",
      contentType: undefined,
      body: "{}",
      redacted: ["header:cookie"],
    };
    const failed = sampleTrace({ state: "FAILED", stack: "Error: x", lines: traces.lines });
    traces.requests = [sampleRequest({ captured, replayOf: "r0", invocations: [failed] })];
    const all = { deployment: undefined, task: undefined, sinceMs: undefined };
    const filter = { ...all, state: undefined, requestId: undefined, slowMs: undefined, limit: 5 };
    expect(await client.traces(filter)).toEqual(traces.rows);
    expect(await client.find(traceIdOf("a"))).toEqual(traces.requests[0]);
    expect(await client.find("a/b?c")).toBeUndefined();
    const log = {
      ...all,
      traceId: undefined,
      level: undefined,
      afterSequence: undefined,
      limit: 9,
    };
    expect(await client.logs(log)).toEqual(traces.lines);
  });

  test("reads what has lost its absent members on the way", async () => {
    await using server = await connect();
    const { traces, client } = server;
    const request = sampleRequest({ client: undefined, reason: undefined });
    const lost: RequestDetail = JSON.parse(JSON.stringify(request));
    traces.requests = [lost];
    const found = await client.find("request-1");
    expect(found).toStrictEqual(request);
    expect(Object.keys(found ?? {})).toContain("client");
  });

  test("asks for exactly what its caller asked it for", async () => {
    await using server = await connect();
    const filter: TraceFilter = {
      ...{ deployment: "acme", task: "a&b", requestId: "r=1", slowMs: 1500, limit: 3 },
      state: "KILLED",
      sinceMs: sampleTimeMs - 1,
    };
    await server.client.traces(filter);
    expect(server.traces.traceFilters).toEqual([filter]);
    const log: LogFilter = {
      ...{ deployment: "acme", task: "x", traceId: traceIdOf("c"), limit: 4 },
      level: "warn",
      ...{ sinceMs: 5, afterSequence: 0 },
    };
    await server.client.logs(log);
    expect(server.traces.logFilters).toEqual([log]);
  });

  test("tells an unknown request from a refused replay", async () => {
    await using unknown = await connect();
    await expect(unknown.client.replay("r")).rejects.toMatchObject({ code: "not_found" });
    await using refused = await connect({ kind: "refused", message: "Cannot replay it" });
    await expect(refused.client.replay("r")).rejects.toMatchObject({
      code: "admin_failed",
      message: "Cannot replay it",
    });
  });
});

test("AdminClient waits for a replay longer than Bun lets a connection idle", async () => {
  const result = {
    ...{ requestId: "r2", replayOf: "r1", traceId: undefined, status: 200 },
    ...{ contentType: undefined, body: "", redacted: [] },
  };
  await using folder = await createTempFolder();
  const address = { kind: "unix", path: join(folder.path, "admin.sock") } as const;
  const handler = createAdmin({
    traces: new FakeTraceReader(),
    metrics: () => Promise.resolve({ contentType: "text/plain", text: "" }),
    isReady: () => true,
    wallMs: () => sampleTimeMs,
    replay: () => delay(bunIdleMs).then(() => ({ kind: "replayed", result })),
  }, address);
  const options = { tls: undefined, reusePort: false, idleTimeoutSeconds: 1, handler };
  const server = await platform.serveHttp({ ...options, address });
  expect(await new AdminClient(address).replay("r1")).toEqual(result);
  await server.abort();
}, 30_000);

test("AdminClient tells that nobody listens", async () => {
  const client = new AdminClient({ kind: "unix", path: "/nowhere/admin.sock" });
  await expect(client.find("r")).rejects.toMatchObject({ code: "not_reached" });
});
