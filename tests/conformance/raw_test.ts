import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { conformance, expectAnswer } from "./cases.ts";
import { statusesOf } from "./raw.ts";
import type { TestServer } from "./server.ts";

const host = "Host: acme-testing.localhost\r\n";
const close = "Connection: close\r\n";
const hugeHeader = `X-Huge: ${"x".repeat(1_048_576)}\r\n`;
const manyHeaders = Array.from({ length: 20_000 }, (_, index) => `X-${index}: 1\r\n`).join("");

const withFlags = { flags: (folder: string) => [`--env=RUNS_FILE=${join(folder, "runs")}`] };

/** Requests that every target answers with the same status, whoever notices. */
const answered: readonly (readonly [does: string, request: string, status: number])[] = [
  ["no Host", `GET /hello HTTP/1.1\r\n${close}\r\n`, 400],
  ["no Host in HTTP/1.0", "GET /hello HTTP/1.0\r\n\r\n", 400],
  ["two Hosts", `GET /hello HTTP/1.1\r\n${host}Host: other.localhost\r\n${close}\r\n`, 400],
  ["the same Host twice", `GET /hello HTTP/1.1\r\n${host}${host}${close}\r\n`, 400],
  ["an empty Host", `GET /hello HTTP/1.1\r\nHost: \r\n${close}\r\n`, 400],
  ["a Host with a space", `GET /hello HTTP/1.1\r\nHost: a b\r\n${close}\r\n`, 400],
  ["a Host with a path", `GET /hello HTTP/1.1\r\nHost: a/b\r\n${close}\r\n`, 400],
  [
    "a Host with a user",
    `GET /hello HTTP/1.1\r\nHost: a@acme-testing.localhost\r\n${close}\r\n`,
    400,
  ],
  [
    "a Host with a bad port",
    `GET /hello HTTP/1.1\r\nHost: acme-testing.localhost:x\r\n${close}\r\n`,
    400,
  ],
  [
    "a Host list",
    `GET /hello HTTP/1.1\r\nHost: a.localhost, acme-testing.localhost\r\n${close}\r\n`,
    400,
  ],
  ["HTTP/1.0 with a Host", `GET /hello HTTP/1.0\r\n${host}\r\n`, 200],
  ["absolute form", `GET http://acme-testing.localhost/hello HTTP/1.1\r\n${host}${close}\r\n`, 200],
  [
    "the same Content-Length twice",
    `POST /echo HTTP/1.1\r\n${host}${close}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`,
    400,
  ],
  [
    "a transfer coding besides chunks",
    `POST /echo HTTP/1.1\r\n${host}${close}Transfer-Encoding: gzip, chunked\r\n\r\n` +
    "2\r\n{}\r\n0\r\n\r\n",
    400,
  ],
  [
    "absolute form of another host: the Host header decides",
    `GET http://other.example/hello HTTP/1.1\r\n${host}${close}\r\n`,
    200,
  ],
  [
    "absolute form with an unknown Host header",
    `GET http://acme-testing.localhost/hello HTTP/1.1\r\nHost: other.example\r\n${close}\r\n`,
    404,
  ],
  [
    "a body in pieces of one byte",
    `POST /echo HTTP/1.1\r\n${host}${close}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n`,
    200,
  ],
  [
    "a chunk with an extension",
    `POST /echo HTTP/1.1\r\n${host}${close}Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n`,
    200,
  ],
];

/** Requests that the runtime's own parser may refuse in its own way: 4xx, 5xx of HTTP, or closed. */
const refused: readonly (readonly [does: string, request: string | Uint8Array])[] = [
  [
    "Content-Length with Transfer-Encoding",
    `POST /counter HTTP/1.1\r\n${host}${close}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n` +
    `0\r\n\r\nGET /counter HTTP/1.1\r\n${host}\r\n`,
  ],
  [
    "two different Content-Lengths",
    `POST /counter HTTP/1.1\r\n${host}${close}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
  ],
  [
    "a negative Content-Length",
    `POST /counter HTTP/1.1\r\n${host}${close}Content-Length: -1\r\n\r\n`,
  ],
  [
    "a Content-Length in words",
    `POST /counter HTTP/1.1\r\n${host}${close}Content-Length: two\r\n\r\nab`,
  ],
  [
    "a chunk size that is no number",
    `POST /counter HTTP/1.1\r\n${host}${close}Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n`,
  ],
  [
    "a chunk longer than its size",
    `POST /counter HTTP/1.1\r\n${host}${close}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n`,
  ],
  [
    "a chunk size beyond all numbers",
    `POST /counter HTTP/1.1\r\n${host}${close}Transfer-Encoding: chunked\r\n\r\n` +
    `${"f".repeat(40)}\r\nab\r\n0\r\n\r\n`,
  ],
  [
    "a transfer encoding nobody knows",
    `POST /counter HTTP/1.1\r\n${host}${close}Transfer-Encoding: odd\r\n\r\nabc`,
  ],
  ["a header of a megabyte", `GET /counter HTTP/1.1\r\n${host}${hugeHeader}\r\n`],
  ["20,000 headers", `GET /counter HTTP/1.1\r\n${host}${manyHeaders}\r\n`],
  ["a target of a megabyte", `GET /counter?${"x".repeat(1_048_576)} HTTP/1.1\r\n${host}\r\n`],
  ["a null byte in the target", `GET /counter\0 HTTP/1.1\r\n${host}${close}\r\n`],
  ["a null byte in a header", `GET /counter HTTP/1.1\r\n${host}X-A: a\0b\r\n${close}\r\n`],
  ["a header without a colon", `GET /counter HTTP/1.1\r\n${host}X-A\r\n${close}\r\n`],
  ["a header name with a space", `GET /counter HTTP/1.1\r\n${host}X A: 1\r\n${close}\r\n`],
  ["a target without a slash", `GET counter HTTP/1.1\r\n${host}${close}\r\n`],
  ["a target *", `GET * HTTP/1.1\r\n${host}${close}\r\n`],
  ["OPTIONS *", `OPTIONS * HTTP/1.1\r\n${host}${close}\r\n`],
  ["CONNECT", `CONNECT acme-testing.localhost:80 HTTP/1.1\r\n${host}${close}\r\n`],
  ["TRACE", `TRACE /counter HTTP/1.1\r\n${host}${close}\r\n`],
  ["a lower-case method", `get /counter HTTP/1.1\r\n${host}${close}\r\n`],
  ["a method of symbols", `@@@ /counter HTTP/1.1\r\n${host}${close}\r\n`],
  ["a version of the future", `GET /counter HTTP/9.9\r\n${host}${close}\r\n`],
  ["no version", `GET /counter\r\n${host}\r\n`],
  ["a TLS greeting", new Uint8Array([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0, 13, 10, 13, 10])],
  ["bytes of no meaning", new Uint8Array(4096).map((_, index) => (index * 167 + 13) % 256)],
];

async function expectNothingRan(server: TestServer): Promise<void> {
  expectAnswer(await server.fetch("/hello"), { status: 200, json: { hello: "world" } });
  expect(existsSync(join(server.folder, "runs"))).toBe(false);
}

conformance("raw requests", withFlags, (server) => {
  test.each(answered)("%s", async (_does, request, status) => {
    expect(statusesOf(await server().raw(request))).toEqual([status]);
  });

  test.each(refused)("%s: refused or closed, nothing runs", async (_does, request) => {
    const connection = await server().connect();
    connection.send(request);
    const received = await connection.untilAnswered();
    for (const status of statusesOf(received)) {
      expect({ status, isRefusal: status >= 400 && status !== 500 }).toEqual({
        status,
        isRefusal: true,
      });
    }
    connection.leave();
    await expectNothingRan(server());
  });

  test("the greeting of HTTP/2 in clear text: nothing runs", async () => {
    const connection = await server().connect();
    connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await expectNothingRan(server());
    connection.leave();
  });

  test("a trailer after a chunked body: passed or refused", async () => {
    const answer = await server().raw(
      `POST /echo HTTP/1.1\r\n${host}${close}Transfer-Encoding: chunked\r\n\r\n` +
        "2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n",
    );
    expect([[], [200], [400]]).toContainEqual(statusesOf(answer));
    expectAnswer(await server().fetch("/hello"), { status: 200 });
  });

  test("a client that leaves in the middle of its headers", async () => {
    const connection = await server().connect();
    connection.send("GET /counter HTTP/1.1\r\nHost: acme");
    connection.leave();
    await expectNothingRan(server());
  });

  test("a client that leaves in the middle of its body", async () => {
    const connection = await server().connect();
    connection.send(`POST /counter HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\nabc`);
    connection.leave();
    await expectNothingRan(server());
  });

  test("a hundred connections that say nothing", async () => {
    const connections = await Promise.all(
      Array.from({ length: 100 }, () => server().connect()),
    );
    await expectNothingRan(server());
    for (const connection of connections) connection.leave();
  });

  test("a request in pieces of one byte", async () => {
    const connection = await server().connect();
    for (const byte of `GET /hello HTTP/1.1\r\n${host}${close}\r\n`) connection.send(byte);
    expect(statusesOf(await connection.untilClosed())).toEqual([200]);
  });

  test("a kept-alive connection serves one request after the other", async () => {
    const connection = await server().connect();
    for (const count of [1, 2, 3]) {
      connection.send(`GET /hello HTTP/1.1\r\n${host}\r\n`);
      expect(statusesOf(await connection.untilAnswered(count))).toEqual(Array(count).fill(200));
    }
    connection.leave();
  });

  test("pipelined requests are answered in order, or the connection is closed", async () => {
    const connection = await server().connect();
    connection.send(
      `GET /methods HTTP/1.1\r\n${host}\r\nPUT /methods HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`,
    );
    const received = await connection.untilAnswered(2);
    const bodies = [...received.matchAll(/\r\n\r\n(GET|PUT)/g)].map((match) => match[1]);
    expect(["", "GET", "GET,PUT"]).toContain(bodies.join());
    connection.leave();
    expectAnswer(await server().fetch("/hello"), { status: 200 });
  });

  test("Expect: 100-continue gets its answer", async () => {
    const connection = await server().connect();
    connection.send(
      `POST /echo?part=text HTTP/1.1\r\n${host}${close}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n`,
    );
    connection.send("body");
    const received = await connection.untilClosed();
    expect(statusesOf(received).at(-1)).toBe(200);
    expect(received).toEndWith("body");
  });

  test("Expect: 100-continue for a body over the limit gets 413 or a continue, then 413", async () => {
    const connection = await server().connect();
    connection.send(
      `POST /counter HTTP/1.1\r\n${host}Content-Length: 2000\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect(statusesOf(await connection.untilAnswered()).at(-1)).toBe(413);
    connection.leave();
    await expectNothingRan(server());
  });

  test.each([
    ["POST /missing", "chunks", 404],
    ["POST /missing", "a length", 404],
    ["POST /hello", "chunks", 405],
    ["POST /hello", "a length", 405],
    ["GET /hello", "chunks", 200],
    ["GET /hello", "a length", 200],
  ])("the body of %s in %s, sent after the answer, is not read as a request", async (
    line,
    framing,
    status,
  ) => {
    const smuggled = `GET /counter HTTP/1.1\r\n${host}\r\n`;
    const size = smuggled.length;
    const [header, body] = framing === "chunks"
      ? ["Transfer-Encoding: chunked", `${size.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`]
      : [`Content-Length: ${size}`, smuggled];
    const connection = await server().connect();
    connection.send(`${line} HTTP/1.1\r\n${host}${header}\r\n\r\n`);
    expect(statusesOf(await connection.untilAnswered())).toEqual([status]);
    connection.send(body + `GET /hello HTTP/1.1\r\n${host}\r\n`);
    // The next request is answered on Bun, and finds the connection closed on Deno.
    const received = await connection.untilAnswered(2);
    expect([[status], [status, 200]]).toContainEqual(statusesOf(received));
    await expectNothingRan(server());
    connection.leave();
  });

  test("what follows a refused body is not read as a request", async () => {
    const smuggled = `GET /counter HTTP/1.1\r\n${host}\r\n`;
    const connection = await server().connect();
    connection.send(
      `POST /missing HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    );
    expect(statusesOf(await connection.untilAnswered())).toEqual([404]);
    await expectNothingRan(server());
    connection.leave();
  });
});
