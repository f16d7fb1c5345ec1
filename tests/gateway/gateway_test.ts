import { describe, expect, test } from "bun:test";
import { failed, FakeRecorder, killed, replied } from "../invocation/support.ts";
import { createErrorLog, createGateway, trustedProxies } from "./support.ts";

/** Lets a request come as far as it can. */
function settle(): Promise<void> {
  return new Promise(setImmediate);
}

describe("Gateway", () => {
  test("hands the task all of the request", async () => {
    const { clock, pool, fetch } = createGateway();
    const headers = { accept: "*/*", "x-many": "a, b" };
    await fetch("/hello/?name=x&y=%20", { headers, host: "ACME.localhost:8787" });
    expect(pool.slots[0]?.call).toEqual({
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      firstTraceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      attempt: 1,
      task: "hello",
      method: "GET",
      url: "http://ACME.localhost:8787/hello/?name=x&y=%20",
      headers,
      deadlineMs: clock.wallMs() + 60_000,
      body: undefined,
    });
  });

  test("answers with the reply of the task and both ids, and records the request", async () => {
    const { clock, pool, recorder, fetch } = createGateway();
    pool.onCall = undefined;
    const fetched = fetch("/hello?secret=1");
    await settle();
    clock.advance(20);
    pool.slots[0]?.end(replied("hi", { status: 418 }));
    const response = await fetched;
    const { requestId = "", traceId = "" } = pool.slots[0]?.call ?? {};
    expect([response.status, await response.text()]).toEqual([418, "hi"]);
    expect(response.headers.get("x-request-id")).toBe(requestId);
    expect(response.headers.get("x-trace-id")).toBe(traceId);
    expect(recorder.requests).toEqual([{
      ...{ requestId, traceId, firstTraceId: traceId, traceparent: undefined },
      ...{ deployment: "acme", release: "r1", task: "hello" },
      ...{ method: "GET", path: "/hello", status: 418, answer: "delivered", reason: undefined },
      startedAt: clock.wallMs() - 20,
      durationMs: 20,
      ...{ captured: undefined, replayOf: undefined },
      client: undefined,
      requestBytes: 0,
      responseBytes: 2,
    }]);
  });

  test("tells the client nothing of a failure, and the record all", async () => {
    const { pool, recorder, fetch } = createGateway();
    pool.onCall = () => failed("secret");
    const response = await fetch("/hello");
    expect([response.status, await response.json()]).toEqual([500, {
      message: "Internal Server Error",
      requestId: recorder.requests[0]?.requestId,
      traceId: pool.slots[0]?.call?.traceId,
    }]);
    expect(recorder.requests).toMatchObject([{ answer: "delivered", reason: "secret" }]);
  });

  test("shows errors where it is told to", async () => {
    const { pool, fetch } = createGateway({ hello: {} }, { showErrors: true });
    pool.onCall = () => killed("out of memory");
    expect(await (await fetch("/hello")).json()).toMatchObject({
      error: { code: "crashed", message: "out of memory" },
    });
  });

  test("answers 504 once no invocation can reply in time", async () => {
    const { clock, pool, recorder, fetch } = createGateway();
    pool.onCall = undefined;
    const fetched = fetch("/hello");
    await settle();
    clock.advance(60_000);
    const response = await fetched;
    expect([response.status, response.headers.get("x-trace-id")]).toEqual([
      504,
      pool.slots[0]?.call?.traceId ?? "",
    ]);
    expect(recorder.requests).toMatchObject([{ answer: "timed-out", durationMs: 60_000 }]);
  });

  test("answers a reply that no response can be made of with 500 and the trace", async () => {
    const { log, errors } = createErrorLog();
    const { pool, recorder, fetch } = createGateway({ hello: {} }, { log });
    const forged = [
      { headers: [["bad name", "x"]] },
      { headers: [["x-a", "a\r\nb"]] },
    ] as const;
    for (const reply of forged) {
      pool.onCall = () => replied("hi", reply);
      const response = await fetch("/hello");
      const traceId = pool.slots.at(-1)?.call?.traceId;
      expect([response.status, response.headers.get("x-trace-id")]).toEqual([500, traceId ?? ""]);
      expect(await response.json()).toMatchObject({ message: "Internal Server Error", traceId });
      expect(recorder.requests.at(-1)).toMatchObject({ status: 500, traceId });
    }
    expect(errors.map(([event]) => event)).toEqual(Array(2).fill("gateway.failed"));
  });

  test("names a defect of its own as such, and not as the task's", async () => {
    const { pool, fetch } = createGateway({ hello: {} }, { showErrors: true });
    pool.onCall = () => replied("hi", { headers: [["bad name", "x"]] });
    expect(await (await fetch("/hello")).json()).toMatchObject({
      error: { code: "gateway_failed", message: expect.stringMatching(/bad name|header/i) },
    });
  });

  test("answers a request that it cannot even look at", async () => {
    const { log, errors } = createErrorLog();
    const headerFields = () => {
      throw new Error("Cannot read the headers");
    };
    const { fetch } = createGateway({ hello: {} }, { log, platform: { headerFields } });
    const response = await fetch("/hello");
    const requestId = response.headers.get("x-request-id");
    expect(requestId).toMatch(/^[0-9a-f]{32}$/);
    expect([response.status, await response.json()]).toEqual([
      500,
      { message: "Internal Server Error", requestId },
    ]);
    expect(errors).toMatchObject([["gateway.failed", { requestId }]]);
  });

  test("switches the idle limit off once a request has waited for a moment", async () => {
    const { clock, pool, peers, fetch } = createGateway();
    pool.onCall = undefined;
    const fetched = fetch("/hello");
    await settle();
    expect(peers[0]?.told).toEqual([]);
    clock.advance(1_000);
    expect(peers[0]?.told).toEqual(["waiting"]);
    pool.slots[0]?.end(replied());
    await fetched;
    expect(peers[0]?.told).toEqual(["waiting", "answering"]);
    await fetch("/nope");
    expect(peers[1]?.told).not.toContain("waiting");
  });

  test("answers a client even when its request cannot be recorded", async () => {
    const recorder = new FakeRecorder();
    recorder.requestEnded = () => {
      throw new Error("Cannot write: nobody reads");
    };
    const { fetch } = createGateway({ hello: {} }, { recorder });
    expect((await fetch("/hello")).status).toBe(200);
    expect((await fetch("/nope")).status).toBe(404);
  });

  test("asks for the address of a client only where somebody reads it", async () => {
    const recorder = new FakeRecorder();
    const { fetch, peers } = createGateway({ hello: {} }, { recorder });
    await fetch("/hello", { peer: "192.0.2.1" });
    expect([recorder.requests[0]?.client, peers[0]?.asked]).toEqual(["192.0.2.1", 1]);
    const seen: (string | undefined)[] = [];
    recorder.requestEnded = (record) => void seen.push(record.client, record.client);
    await fetch("/hello", { peer: "192.0.2.2" });
    expect([seen, peers[1]?.asked]).toEqual([["192.0.2.2", "192.0.2.2"], 1]);
    recorder.requestEnded = () => {};
    await fetch("/hello");
    expect(peers[2]?.asked).toBe(0);
  });

  test("asks clients to close the connection while its listener drains", async () => {
    const { listener, fetch } = createGateway();
    expect((await fetch("/hello")).headers.has("connection")).toBe(false);
    listener.isDraining = true;
    for (const path of ["/hello", "/nope"]) {
      expect((await fetch(path)).headers.get("connection")).toBe("close");
    }
  });

  test("sends a request to the release that is active when it comes", async () => {
    const { acme, pool, recorder, fetch } = createGateway();
    pool.onCall = undefined;
    const before = fetch("/hello");
    await settle();
    acme.active = { ...acme.active, id: "r2" };
    const after = fetch("/hello");
    await settle();
    for (const slot of pool.slots) slot.end(replied());
    await Promise.all([before, after]);
    expect(recorder.requests.map(({ release }) => release)).toEqual(["r1", "r2"]);
  });
});

describe("behind a trusted proxy", () => {
  const headers = {
    "x-forwarded-proto": "https",
    "x-forwarded-host": "acme.localhost",
    "x-request-id": "from-the-proxy",
  };

  test("a request has the public URL and the proxy's request ID", async () => {
    const { pool, fetch } = createGateway({ hello: {} }, { trustedProxies });
    const response = await fetch("/hello", { headers, host: "inner", peer: "10.0.0.1" });
    expect(response.headers.get("x-request-id")).toBe("from-the-proxy");
    expect(pool.slots[0]?.call).toMatchObject({
      url: "https://acme.localhost/hello",
      requestId: "from-the-proxy",
    });
  });

  test("a request of anybody else has neither", async () => {
    const { pool, fetch } = createGateway({ hello: {} }, { trustedProxies });
    expect((await fetch("/hello", { headers, host: "inner", peer: "10.0.0.2" })).status).toBe(404);
    const response = await fetch("/hello", { headers, peer: "10.0.0.2" });
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
    expect(pool.slots[0]?.call?.url).toBe("http://acme.localhost/hello");
  });
});

describe("a client that leaves", () => {
  function waitFor(afterMs: number) {
    const controller = new AbortController();
    const all = createGateway();
    all.pool.onCall = undefined;
    const fetched = all.fetch("/hello", { signal: controller.signal });
    return { ...all, fetched, leave: () => controller.abort(), afterMs };
  }

  test.each([0, 1_000])("aborts the signal of its task, after %d ms", async (afterMs) => {
    const { clock, pool, recorder, fetched, leave } = waitFor(afterMs);
    await settle();
    clock.advance(afterMs);
    leave();
    clock.advance(50);
    await fetched;
    expect(pool.slots[0]?.events).toEqual(["abort ClientGone"]);
    expect(recorder.requests).toMatchObject([{
      answer: "client-left",
      traceId: pool.slots[0]?.call?.traceId,
    }]);
    pool.slots[0]?.end(replied());
    expect(recorder.invocations).toMatchObject([{ state: "COMPLETED", delivered: false }]);
    clock.advance(50);
    expect(clock.pending).toBe(0);
  });

  test.each([0, 1_000])("after its answer changes nothing, %d ms on", async (afterMs) => {
    const { clock, pool, recorder, fetched, leave } = waitFor(afterMs);
    await settle();
    clock.advance(afterMs);
    pool.slots[0]?.end(replied());
    const response = await fetched;
    leave();
    clock.advance(50);
    expect([response.status, pool.slots[0]?.events]).toEqual([200, []]);
    expect(recorder.requests).toMatchObject([{ answer: "delivered" }]);
  });
});
