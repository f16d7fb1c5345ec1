import { describe, expect, test } from "bun:test";
import type { CorsSettings } from "../../runtime/base/task_settings.ts";
import { failureOf } from "../invocation/support.ts";
import { createGateway, type FakeTask, type FetchOptions } from "./support.ts";

const cors: CorsSettings = {
  origins: ["https://x.example"],
  methods: undefined,
  headers: undefined,
  exposeHeaders: [],
  hasCredentials: false,
  maxAgeSeconds: undefined,
};
const settings = { maxBodyBytes: 8 };
const tasks: Record<string, FakeTask> = {
  hello: { methods: ["GET", "POST"], settings },
  shared: { methods: ["GET", "POST"], settings: { ...settings, cors } },
  broken: { shape: { kind: "broken", failure: failureOf("Cannot load") }, settings },
  optional: { methods: ["OPTIONS"], settings },
};

const preflight = { origin: "https://x.example", "access-control-request-method": "PUT" };
const html = { "content-type": "text/html" };
const json = { "content-type": "application/json" };
const large = "0123456789";
const notUtf8 = Uint8Array.of(0xff);
const largeNotUtf8 = new Uint8Array(10).fill(0xff);

/** A request that fails two checks which follow each other: the first of them must answer. */
type Neighbours = readonly [
  first: string,
  second: string,
  path: string,
  request: FetchOptions,
  status: number,
  reason: string,
];

const neighbours: readonly Neighbours[] = [
  [
    "no Host",
    "an unknown task",
    "/nope",
    { host: undefined },
    400,
    "the Host header is missing or",
  ],
  ["a bad Host", "an unknown task", "/nope", { host: "a b" }, 400, "the Host header is missing or"],
  [
    "an unknown host",
    "an unknown task",
    "/nope",
    { host: "other.localhost" },
    404,
    "no deployment has this host",
  ],
  [
    "an unknown task",
    "a preflight",
    "/nope",
    { method: "OPTIONS", headers: preflight },
    404,
    "the deployment has no such web task",
  ],
  [
    "a preflight",
    "a method without a handler",
    "/shared",
    { method: "OPTIONS", headers: { ...preflight, ...html } },
    204,
    "",
  ],
  [
    "a method without a handler",
    "a media type",
    "/hello",
    { method: "PUT", headers: html, body: "x" },
    405,
    "the task has no handler for PUT",
  ],
  [
    "a media type",
    "a long body",
    "/hello",
    { method: "POST", headers: html, body: large },
    415,
    "the body is not JSON or plain text",
  ],
  [
    "a long body",
    "a body that is not UTF-8",
    "/hello",
    { method: "POST", headers: json, body: largeNotUtf8 },
    413,
    "the body is over 8 bytes",
  ],
  [
    "a body that turns out long",
    "a body that is not UTF-8",
    "/hello",
    {
      method: "POST",
      headers: { ...json, "transfer-encoding": "chunked" },
      isAnnounced: false,
      body: largeNotUtf8,
    },
    413,
    "the body is over 8 bytes",
  ],
  [
    "a body that is not UTF-8",
    "a full queue",
    "/hello",
    { method: "POST", headers: json, body: notUtf8 },
    400,
    "the body is not UTF-8",
  ],
  [
    "a full queue",
    "an invocation",
    "/hello",
    {},
    503,
    "the queue is full: its limit is 5 requests",
  ],
];

describe("the order of checks", () => {
  test.each(neighbours)(
    "%s comes before %s",
    async (_first, _second, path, request, status, why) => {
      const { pool, recorder, fetch } = createGateway(tasks);
      pool.refusal = { kind: "queue-full", limit: 5 };
      const response = await fetch(path, request);
      expect(response.status).toBe(status);
      expect(recorder.requests.map(({ reason = "" }) => reason)).toEqual([
        expect.stringContaining(why),
      ]);
      expect(pool.slots).toEqual([]);
      expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
      expect(response.headers.has("x-trace-id")).toBe(false);
    },
  );

  test("leads to the invocation of what passes them all", async () => {
    const { pool, fetch } = createGateway(tasks);
    const response = await fetch("/hello", { method: "POST", headers: json, body: '{"a":1}' });
    expect([response.status, pool.slots.length]).toEqual([200, 1]);
  });
});

describe("methods", () => {
  test.each([
    ["PUT", "/hello", 405, "GET, POST, HEAD, OPTIONS"],
    ["OPTIONS", "/hello", 204, "GET, POST, HEAD, OPTIONS"],
    ["GET", "/optional", 405, "OPTIONS"],
    ["OPTIONS", "/optional", 200, null],
    ["HEAD", "/hello", 200, null],
    ["PUT", "/broken", 200, null],
    ["OPTIONS", "/broken", 200, null],
  ])("%s %s gives %d with Allow %p", async (method, path, status, allow) => {
    const { fetch } = createGateway(tasks);
    const response = await fetch(path, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([status, allow]);
  });

  test("are asked for when they are not known yet", async () => {
    const { pool, fetch } = createGateway(tasks);
    const known = pool.shapes;
    pool.shapes = undefined;
    pool.describeTask = () => {
      pool.shapes = known;
      return Promise.resolve();
    };
    expect((await fetch("/hello", { method: "PUT" })).status).toBe(405);
    expect((await fetch("/hello")).status).toBe(200);
  });

  test("that no process can tell are left to the invocation", async () => {
    const { pool, fetch } = createGateway(tasks);
    pool.shapes = undefined;
    const failure = failureOf("secret");
    pool.refusal = { kind: "unavailable", failure, retryAfterMs: 4_000 };
    const response = await fetch("/hello", { method: "PUT" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "4"]);
    expect(await response.text()).not.toContain("secret");
  });
});

describe("bodies", () => {
  test.each([
    ["JSON", json, "{}", 200],
    ["no type", {}, "{}", 200],
    ["plain text", { "content-type": "text/plain;charset=UTF-8" }, "hi", 200],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }, "a=1", 415],
    ["a body at the limit", json, "01234567", 200],
    ["a body over the limit", json, "012345678", 413],
  ])("%s: %j", async (_what, headers, body, status) => {
    const { fetch } = createGateway(tasks);
    const response = await fetch("/hello", { method: "POST", headers: { ...headers }, body });
    expect(response.status).toBe(status);
  });

  test("reach the task as bytes; an empty one has no type to check", async () => {
    const { pool, fetch } = createGateway(tasks);
    await fetch("/hello", { method: "POST", headers: json, body: "h\u00e9" });
    for (const length of ["0", "00"]) {
      await fetch("/hello", { method: "POST", headers: { ...html, "content-length": length } });
    }
    const bodies = pool.slots.map(({ call }) => call?.body && Buffer.from(call.body).toString());
    expect(bodies).toEqual(["h\u00e9", undefined, undefined]);
  });

  test("that are too long close their connection", async () => {
    const { fetch } = createGateway(tasks);
    const response = await fetch("/hello", { method: "POST", headers: json, body: large });
    expect(response.headers.get("connection")).toBe("close");
  });
});

describe("a task with cors", () => {
  const origin = { origin: "https://x.example" };

  test.each<readonly [string, FetchOptions]>([
    ["a reply", {}],
    ["405", { method: "PUT" }],
    ["415", { method: "POST", headers: html, body: "x" }],
    ["413", { method: "POST", headers: json, body: large }],
    ["OPTIONS", { method: "OPTIONS" }],
  ])("has its headers on %s", async (_what, request) => {
    const { fetch } = createGateway(tasks);
    const headers = { ...request.headers, ...origin };
    const response = await fetch("/shared", { ...request, headers });
    expect(response.headers.get("access-control-allow-origin")).toBe("https://x.example");
    expect(response.headers.get("vary")).toBe("Origin");
  });

  test("has its headers on 503 and 504", async () => {
    const { clock, pool, fetch } = createGateway(tasks);
    pool.onCall = undefined;
    const overdue = fetch("/shared", { headers: origin });
    await new Promise(setImmediate);
    clock.advance(60_000);
    pool.refusal = { kind: "stopping" };
    for (
      const [response, status] of [[await overdue, 504], [await fetch("/shared"), 503]] as const
    ) {
      expect([response.status, response.headers.get("vary")]).toEqual([status, "Origin"]);
    }
  });

  test("answers a preflight itself even where the task has a handler for OPTIONS", async () => {
    const own: FakeTask = { methods: ["GET", "OPTIONS"], settings: { cors } };
    const { pool, fetch } = createGateway({ own });
    expect((await fetch("/own", { method: "OPTIONS", headers: preflight })).status).toBe(204);
    expect(pool.slots.length).toBe(0);
    expect((await fetch("/own", { method: "OPTIONS" })).status).toBe(200);
    expect(pool.slots.length).toBe(1);
  });

  test("answers a preflight with the methods it has, and runs nothing", async () => {
    const { pool, fetch } = createGateway(tasks);
    const response = await fetch("/shared", { method: "OPTIONS", headers: preflight });
    expect(response.headers.get("access-control-allow-methods")).toBe("GET, POST, HEAD, OPTIONS");
    expect([response.status, pool.slots.length]).toEqual([204, 0]);
  });
});
