import { describe, expect, test } from "bun:test";
import {
  announcedBytes,
  type BodyNotice,
  bodyNotice,
  type BodySource,
  bodyStallMs,
  readBody,
} from "../../runtime/gateway/body.ts";
import { BodyMemory } from "../../runtime/gateway/body_memory.ts";
import { idleTimeoutMs } from "../../runtime/gateway/checks.ts";
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

const mebibyte = 2 ** 20;

function limitsOf(maxBytes: number, { clock = new ManualClock(), memoryBytes = mebibyte } = {}) {
  return { maxBytes, clock, held: new BodyMemory(memoryBytes).open() };
}

/** Lets what is ready happen. */
function settle(): Promise<void> {
  return new Promise(setImmediate);
}

/** Reads a body that comes as the test sends it; `kind` is what came of it, once something has. */
function readSlowly(maxBytes: number, memoryBytes = 100 * mebibyte) {
  const clock = new ManualClock();
  const state = { kind: "" as string, isCancelled: false };
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(() => void (state.isCancelled = true));
  const request = new Request("http://acme.localhost/hello", { method: "POST", body: readable });
  void readBody(request, limitsOf(maxBytes, { clock, memoryBytes })).then(({ kind }) => {
    state.kind = kind;
  });
  const send = async (bytes: number) => {
    // After the end of the reading nobody takes it, which is what the tests look at.
    writer.write(new Uint8Array(bytes)).catch(() => {});
    await settle();
  };
  const pass = async (durationMs: number) => {
    await settle();
    clock.advance(durationMs);
    await settle();
  };
  const end = async () => {
    await writer.close();
    await settle();
  };
  return { clock, state, send, pass, end };
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
    const { clock, state, send, pass } = readSlowly(10);
    await pass(bodyStallMs - 1);
    await send(1);
    await pass(5_000);
    expect(state.kind).toBe("");
    await send(1);
    await pass(20_000);
    expect([state.kind, state.isCancelled, clock.pending]).toEqual(["too-slow", true, 0]);
  });

  test("says so before a runtime would close the connection as idle", () => {
    expect(bodyStallMs).toBeLessThan(idleTimeoutMs);
  });

  test("gives up on a body that drips", async () => {
    const { clock, state, send, pass } = readSlowly(mebibyte);
    for (let second = 0; second < 30; second += 5) {
      expect(state.kind).toBe("");
      await send(1);
      await pass(5_000);
    }
    await pass(1);
    expect([state.kind, state.isCancelled, clock.pending]).toEqual(["too-slow", true, 0]);
  });

  test("gives up on a body that comes fast and then drips", async () => {
    const { clock, state, send, pass } = readSlowly(10 * mebibyte);
    const startMs = clock.monotonicMs();
    await send(mebibyte);
    while (state.kind === "") {
      await send(1);
      await pass(10_000);
    }
    expect(state.kind).toBe("too-slow");
    expect(clock.monotonicMs() - startMs).toBe(100_000);
  });

  test("reads 5 MiB over a slow mobile link", async () => {
    const { clock, state, send, pass, end } = readSlowly(5 * mebibyte);
    const bytesPerSecond = 16 * 1024;
    for (let sent = 0; sent < 5 * mebibyte; sent += 10 * bytesPerSecond) {
      await pass(10_000);
      await send(10 * bytesPerSecond);
    }
    await end();
    expect([state.kind, clock.pending]).toEqual(["read", 0]);
  });

  test("stops where the memory for all bodies ends, and lets go of the stream", async () => {
    const { state, send } = readSlowly(10 * mebibyte, 2 * mebibyte);
    await send(2 * mebibyte);
    expect(state.kind).toBe("");
    await send(1);
    expect(state).toEqual({ kind: "no-memory", isCancelled: true });
  });

  test("leaves no timer behind", async () => {
    const clock = new ManualClock();
    for (const pieces of [["hello"], Array(10).fill("0123456789"), [new Error("Cannot read")]]) {
      await readBody(requestOf(pieces).request, limitsOf(25, { clock }));
    }
    expect(clock.pending).toBe(0);
  });

  test("gives no body where the request has none", async () => {
    const request = new Request("http://acme.localhost/hello");
    expect(await readBody(request, limitsOf(10))).toEqual({ kind: "read", body: undefined });
  });
});

const stream = { body: new ReadableStream<Uint8Array<ArrayBuffer>>() };
const none = { body: null };

type NoticeRow = readonly [
  what: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  request: BodySource["request"],
  notice: BodyNotice,
];

test.each<NoticeRow>([
  ["HTTP/1 without a length", "POST", { host: "x" }, none, "none"],
  ["a length of 0", "POST", { host: "x", "content-length": "0" }, stream, "none"],
  ["a length of 00", "POST", { host: "x", "content-length": "00" }, stream, "none"],
  ["a length", "POST", { host: "x", "content-length": "1" }, stream, "announced"],
  ["a length in GET", "GET", { host: "x", "content-length": "1" }, stream, "announced"],
  ["chunks", "POST", { host: "x", "transfer-encoding": "chunked" }, stream, "announced"],
  [
    "chunks and a length of 0",
    "POST",
    {
      "content-length": "0",
      "transfer-encoding": "chunked",
    },
    stream,
    "announced",
  ],
  ["HTTP/2 without a length", "POST", {}, stream, "possible"],
  ["HTTP/2 with a host and no length", "POST", { host: "x" }, stream, "possible"],
  ["HTTP/2 without a body", "DELETE", {}, none, "none"],
  ["HTTP/2 with a length of 0", "POST", { "content-length": "0" }, stream, "none"],
  ["GET without a length", "GET", {}, stream, "none"],
  ["HEAD without a length", "HEAD", {}, stream, "none"],
])("bodyNotice() of a request of %s", (_what, method, headers, request, notice) => {
  expect(bodyNotice({ method, headers: { ...headers }, request })).toBe(notice);
});

test.each([
  [{}, 0],
  [{ "content-length": "10" }, 10],
  [{ "content-length": "010" }, 10],
  [{ "content-length": "99999999999999999999" }, 1e20],
  [{ "transfer-encoding": "chunked" }, 0],
  [{ "content-length": "" }, undefined],
  [{ "content-length": "2, 2" }, undefined],
  [{ "content-length": "2", "transfer-encoding": "chunked" }, undefined],
  [{ "transfer-encoding": "gzip, chunked" }, undefined],
])("announcedBytes() of %j is %p", (headers, bytes) => {
  expect(announcedBytes({ ...headers })).toBe(bytes);
});
