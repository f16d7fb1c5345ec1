import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Call } from "../../runtime/protocol/call.ts";
import { traceFetch } from "../../runtime/worker/traced_fetch.ts";
import { callOf } from "../task/support.ts";

const original = globalThis.fetch;
const incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

let call: Call | undefined;
let server: Bun.Server<undefined>;

beforeEach(() => {
  call = callOf();
  // Answers with the headers it gets, the method and the body.
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) =>
      Response.json({
        headers: Object.fromEntries(request.headers),
        method: request.method,
        body: await request.text(),
      }),
  });
  traceFetch(() => call);
});
afterEach(async () => {
  globalThis.fetch = original;
  await server.stop(true);
});

async function seenBy(input: string | URL | Request, init?: RequestInit) {
  return await (await fetch(input, init)).json();
}

describe("fetch of a task", () => {
  test("begins a trace where the client had none", async () => {
    const { headers } = await seenBy(server.url);
    expect(headers.traceparent).toBe("00-fedcba9876543210fedcba9876543210-fedcba9876543210-01");
    expect(headers.tracestate).toBeUndefined();
  });

  test("of a further attempt belongs to the trace of the first", async () => {
    call = callOf({ traceId: `${"1".repeat(16)}${"2".repeat(16)}`, attempt: 2 });
    const { headers } = await seenBy(server.url);
    expect(headers.traceparent).toBe(`00-fedcba9876543210fedcba9876543210-${"1".repeat(16)}-01`);
  });

  test("goes on with the client's trace, its flags and its state", async () => {
    call = callOf({ headers: { traceparent: incoming, tracestate: "a=1,b=2" } });
    const { headers } = await seenBy(server.url);
    expect(headers).toMatchObject({
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-fedcba9876543210-00",
      tracestate: "a=1,b=2",
    });
  });

  test.each([
    ["an object", { TraceParent: "own" }],
    ["pairs", [["traceparent", "own"]] as [string, string][]],
    ["Headers", new Headers({ traceparent: "own" })],
  ])("keeps the task's own traceparent, given as %s", async (_what, headers) => {
    expect((await seenBy(server.url, { headers })).headers.traceparent).toBe("own");
    const request = new Request(server.url, { headers });
    expect((await seenBy(request)).headers.traceparent).toBe("own");
  });

  test("keeps everything else of the request", async () => {
    const init = { method: "POST", body: "text", headers: { "x-own": "1" } };
    const expected = { method: "POST", body: "text", headers: { "x-own": "1" } };
    for (
      const seen of [
        await seenBy(server.url, init),
        await seenBy(new Request(server.url, init)),
      ]
    ) {
      expect(seen).toMatchObject(expected);
      expect(seen.headers.traceparent).toStartWith("00-fedcba9876543210");
    }
  });

  test("outside of invocations carries nothing", async () => {
    call = undefined;
    expect((await seenBy(server.url)).headers.traceparent).toBeUndefined();
  });

  test("refuses bad headers as ever", async () => {
    const headers = { "bad name": "x" };
    const error = await fetch(server.url, { headers }).catch((error) => error);
    expect(error).toBeInstanceOf(TypeError);
  });

  test("keeps what else the runtime has there", () => {
    expect([fetch.name, typeof fetch.preconnect]).toEqual(["fetch", "function"]);
  });
});
