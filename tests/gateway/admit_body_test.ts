import { describe, expect, test } from "bun:test";
import { BodyMemory } from "../../runtime/gateway/body_memory.ts";
import { failed, replied } from "../invocation/support.ts";
import { createGateway, type FakeTask } from "./support.ts";

const tasks: Record<string, FakeTask> = {
  hello: { methods: ["GET", "POST"], settings: { maxBodyBytes: 8 } },
};
const html = { "content-type": "text/html" };
const json = { "content-type": "application/json" };
const large = "0123456789";
const notUtf8 = Uint8Array.of(0xff);

describe("a body whose end is in doubt", () => {
  test.each([
    ["two lengths", { "content-length": "2, 2" }],
    ["two lengths of nothing", { "content-length": "0, 0" }],
    ["a signed length", { "content-length": "+2" }],
    ["a length in another base", { "content-length": "0x2" }],
    ["a coding besides chunks", { "transfer-encoding": "gzip, chunked" }],
    ["an unknown coding", { "transfer-encoding": "identity" }],
    ["two codings", { "transfer-encoding": "chunked, chunked" }],
    ["chunks and a length", { "transfer-encoding": "chunked", "content-length": "2" }],
  ])("is refused: %s", async (_what, headers) => {
    const { pool, recorder, fetch } = createGateway(tasks);
    const request = { method: "POST", headers: { ...json, ...headers }, isAnnounced: false };
    const response = await fetch("/hello", { ...request, body: "{}" });
    expect([response.status, response.headers.get("connection")]).toEqual([400, "close"]);
    expect(recorder.requests[0]?.reason).toBe("the length of the body is in doubt");
    expect(pool.slots).toEqual([]);
  });

  test.each([
    { "content-length": "02" },
    { "transfer-encoding": "chunked" },
    { "transfer-encoding": "Chunked" },
  ])("is none with %j", async (headers) => {
    const { fetch } = createGateway(tasks);
    const request = { method: "POST", headers: { ...json, ...headers }, isAnnounced: false };
    expect((await fetch("/hello", { ...request, body: "{}" })).status).toBe(200);
  });
});

describe("bodies of HTTP/2 without a length", () => {
  const unannounced = { method: "POST", isAnnounced: false } as const;

  test.each([
    ["JSON", json, "{}", 200],
    ["nothing", json, "", 200],
    ["nothing, of a type that is not let in", html, "", 200],
    ["a type that is not let in", html, "x", 415],
    ["a long body of a type that is not let in", html, large, 415],
    ["a long body", json, large, 413],
    ["a body that is not UTF-8", json, notUtf8, 400],
  ])("%s: %j", async (_what, headers, body, status) => {
    const { bodies, fetch } = createGateway(tasks);
    const response = await fetch("/hello", { ...unannounced, headers: { ...headers }, body });
    expect([response.status, bodies.heldBytes]).toEqual([status, 0]);
  });

  test("reach the task, and an empty one as none, even beside a host header", async () => {
    const { pool, fetch } = createGateway(tasks);
    for (const body of ["hi", ""]) {
      await fetch("/hello", { ...unannounced, headers: { host: "acme.localhost" }, body });
    }
    expect(pool.slots.map(({ call }) => call?.body && Buffer.from(call.body).toString()))
      .toEqual(["hi", undefined]);
  });
});

describe("the memory for all bodies", () => {
  const post = { method: "POST", headers: json, body: "01234567" } as const;

  /** A gateway with room for one and a half bodies, whose tasks answer when they are told to. */
  function createSmall() {
    const all = createGateway(tasks, { bodies: new BodyMemory(12) });
    all.pool.onCall = undefined;
    return all;
  }

  test("that is full gives 503 and closes the connection; what came is not kept", async () => {
    const { pool, bodies, recorder, fetch } = createSmall();
    const first = fetch("/hello", post);
    await new Promise(setImmediate);
    expect(bodies.heldBytes).toBe(8);
    const { status, headers } = await fetch("/hello", post);
    expect([status, headers.get("retry-after"), headers.get("connection")])
      .toEqual([503, "1", "close"]);
    expect(recorder.requests[0]?.reason).toBe(
      "the bodies of all requests together would be over 12 bytes",
    );
    expect(bodies.heldBytes).toBe(8);
    pool.slots[0]?.end(replied());
    expect((await first).status).toBe(200);
    expect(bodies.heldBytes).toBe(0);
  });

  test("is asked before a body is read, where its length is known", async () => {
    const { fetch } = createSmall();
    void fetch("/hello", post);
    await new Promise(setImmediate);
    let pulls = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: () => void (pulls += 1),
    }, { highWaterMark: 0 });
    const headers = { ...json, "content-length": "8" };
    expect((await fetch("/hello", { ...post, headers, body })).status).toBe(503);
    expect(pulls).toBe(0);
  });

  test("is asked for each piece of a body in chunks", async () => {
    const { bodies, fetch } = createSmall();
    void fetch("/hello", post);
    await new Promise(setImmediate);
    const headers = { ...json, "transfer-encoding": "chunked" };
    const chunked = { ...post, headers, isAnnounced: false };
    expect((await fetch("/hello", chunked)).status).toBe(503);
    expect(bodies.heldBytes).toBe(8);
  });

  test("does not matter to requests without a body, or to those turned down before", async () => {
    const { pool, fetch } = createSmall();
    void fetch("/hello", post);
    await new Promise(setImmediate);
    pool.onCall = () => replied();
    expect((await fetch("/hello")).status).toBe(200);
    expect((await fetch("/hello", { ...post, headers: html })).status).toBe(415);
    expect((await fetch("/hello", { ...post, body: large })).status).toBe(413);
  });

  test.each<readonly [string, (all: ReturnType<typeof createSmall>) => void]>([
    ["a reply", ({ pool }) => pool.slots[0]?.end(replied())],
    ["a failure", ({ pool }) => pool.slots[0]?.end(failed())],
    [
      "a reply nothing can be made of",
      ({ pool }) => pool.slots[0]?.end(replied("", { headers: [["a b", ""]] })),
    ],
    ["504", ({ clock }) => clock.advance(60_000)],
  ])("is given back at %s", async (_what, end) => {
    const all = createSmall();
    const fetched = all.fetch("/hello", post);
    await new Promise(setImmediate);
    expect(all.bodies.heldBytes).toBe(8);
    end(all);
    await fetched;
    expect(all.bodies.heldBytes).toBe(0);
  });

  test("is given back by a client that leaves", async () => {
    const { clock, bodies, fetch } = createSmall();
    const controller = new AbortController();
    const fetched = fetch("/hello", { ...post, signal: controller.signal });
    await new Promise(setImmediate);
    clock.advance(1_000);
    controller.abort();
    await fetched;
    expect(bodies.heldBytes).toBe(0);
  });

  test("is given back by a body that breaks off, is too long, or no UTF-8", async () => {
    const { bodies, fetch } = createSmall();
    const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        controller.enqueue(new Uint8Array(4));
        controller.error(new Error("Cannot read"));
      },
    });
    const chunked = { ...json, "transfer-encoding": "chunked" };
    const requests = [
      { ...post, headers: chunked, body: broken },
      { ...post, headers: chunked, isAnnounced: false, body: large },
      { ...post, body: notUtf8 },
    ];
    for (const request of requests) {
      expect([400, 413]).toContain((await fetch("/hello", request)).status);
      expect(bodies.heldBytes).toBe(0);
    }
  });
});
