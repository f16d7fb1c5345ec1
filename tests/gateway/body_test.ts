import { describe, expect, test } from "bun:test";
import { hasBody, isTooLongByHeader, readBody } from "../../runtime/gateway/body.ts";
import { ManualClock } from "../manual_clock.ts";

const encoder = new TextEncoder();

/** A request whose body comes in the pieces given; `state` tells what became of the stream. */
function requestOf(pieces: readonly (string | Uint8Array | Error)[]) {
  const state = { pulled: 0, isCancelled: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces[state.pulled++];
      if (piece === undefined) controller.close();
      else if (piece instanceof Error) controller.error(piece);
      else controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
    },
    cancel() {
      state.isCancelled = true;
    },
  }, { highWaterMark: 0 });
  return { request: new Request("http://acme.localhost/hello", { method: "POST", body }), state };
}

const stallMs = 30_000;

function limitsOf(maxBytes: number, clock = new ManualClock()) {
  return { maxBytes, stallMs, clock };
}

async function read(pieces: readonly (string | Uint8Array | Error)[], maxBytes = 10) {
  const result = await readBody(requestOf(pieces).request, limitsOf(maxBytes));
  return result.kind === "read" ? new TextDecoder().decode(result.body) : result.kind;
}

describe("readBody()", () => {
  test.each([
    [["hello"], "hello"],
    [["he", "l", "lo"], "hello"],
    [["0123456789"], "0123456789"],
    [["01234", "56789"], "0123456789"],
    [[], ""],
    [[""], ""],
    [["h\u00e9"], "h\u00e9"],
  ])("reads %j whole", async (pieces, text) => expect(await read(pieces)).toBe(text));

  test("joins a character that was cut in two", async () => {
    const [first, second] = [encoder.encode("é").slice(0, 1), encoder.encode("é").slice(1)];
    expect(await read([first, second])).toBe("é");
  });

  test.each([
    [["01234567890"], 10],
    [["01234", "567890"], 10],
    [["é"], 1],
  ])("refuses %j over %d bytes", async (pieces, maxBytes) => {
    expect(await read(pieces, maxBytes)).toBe("too-large");
  });

  test("stops reading at the limit, and lets go of the stream", async () => {
    const { request, state } = requestOf(Array(100).fill("0123456789"));
    expect((await readBody(request, limitsOf(25))).kind).toBe("too-large");
    await new Promise(setImmediate);
    expect(state).toEqual({ pulled: 3, isCancelled: true });
  });

  test.each([
    [Uint8Array.of(0xff)],
    [Uint8Array.of(0xc3)],
    [Uint8Array.of(0xed, 0xa0, 0x80)],
    [Uint8Array.of(0xc0, 0xaf)],
  ])(
    "refuses what is not UTF-8: %j",
    async (bytes) => expect(await read([bytes])).toBe("not-utf8"),
  );

  test("tells of a client that breaks off", async () => {
    expect(await read(["hel", new Error("Cannot read")])).toBe("aborted");
  });

  test("gives up on a body of which nothing comes, and lets go of the stream", async () => {
    const clock = new ManualClock();
    const pulls: PromiseWithResolvers<void>[] = [];
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const pull = Promise.withResolvers<void>();
        pulls.push(pull);
        await pull.promise;
        controller.enqueue(encoder.encode("x"));
      },
      cancel() {
        isCancelled = true;
      },
    }, { highWaterMark: 0 });
    const request = new Request("http://acme.localhost/hello", { method: "POST", body });
    let kind: string | undefined;
    void readBody(request, limitsOf(10, clock)).then((result) => {
      kind = result.kind;
    });
    const settle = () => new Promise(setImmediate);
    await settle();
    clock.advance(stallMs - 1);
    pulls[0]?.resolve();
    await settle();
    clock.advance(stallMs - 1);
    await settle();
    expect(kind).toBeUndefined();
    clock.advance(1);
    await settle();
    expect([kind, isCancelled, clock.pending]).toEqual(["stalled", true, 0]);
  });

  test("leaves no timer behind", async () => {
    const clock = new ManualClock();
    for (const pieces of [["hello"], Array(10).fill("0123456789"), [new Error("Cannot read")]]) {
      await readBody(requestOf(pieces).request, limitsOf(25, clock));
    }
    expect(clock.pending).toBe(0);
  });

  test("gives no body where the request has none", async () => {
    const request = new Request("http://acme.localhost/hello");
    expect(await readBody(request, limitsOf(10))).toEqual({ kind: "read", body: undefined });
  });
});

const withBody = { body: new ReadableStream<Uint8Array<ArrayBuffer>>() };
const withoutBody = { body: null };

test.each([
  ["HTTP/1 without a length", { host: "x" }, withBody, false],
  ["a length of 0", { host: "x", "content-length": "0" }, withBody, false],
  ["a length", { host: "x", "content-length": "1" }, withBody, true],
  ["chunks", { host: "x", "transfer-encoding": "chunked" }, withBody, true],
  ["HTTP/2 without a length", {}, withBody, true],
  ["HTTP/2 without a body", {}, withoutBody, false],
  ["HTTP/2 with a length of 0", { "content-length": "0" }, withBody, false],
])("hasBody() of a request of %s", (_what, headers, request, has) => {
  expect(hasBody({ headers: { ...headers }, request })).toBe(has);
});

test.each([
  [{}, false],
  [{ "content-length": "10" }, false],
  [{ "content-length": "11" }, true],
  [{ "content-length": "99999999999999999999" }, true],
  [{ "content-length": "many" }, false],
])("isTooLongByHeader() of %j over 10 bytes is %p", (headers, is) => {
  expect(isTooLongByHeader({ ...headers }, 10)).toBe(is);
});
