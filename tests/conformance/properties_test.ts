import { expect, test } from "bun:test";
import fc from "fast-check";
import { conformance } from "./cases.ts";
import { statusesOf } from "./raw.ts";

/** Fixed, so that what fails once fails again; fast-check prints it beside the smallest example. */
const run = { seed: 20_260_101, numRuns: 60 } as const;
const json = { "content-type": "application/json" };
const host = "Host: acme-testing.localhost\r\nConnection: close\r\n";

const anyText = fc.string({ unit: "grapheme", maxLength: 40 });
const anyJson = fc.jsonValue({ stringUnit: "grapheme" });
const anyObject = fc.dictionary(anyText, anyJson, { maxKeys: 6 });
const anyQuery = fc.array(fc.tuple(anyText, anyText), { maxLength: 6 });
const anyBytes = fc.uint8Array({ maxLength: 200 });

/** Bytes that may stand in a request line or a header: all but the ones that end it. */
const lineBytes = fc.uint8Array({ maxLength: 100 })
  .map((bytes) => bytes.filter((byte) => byte !== 10 && byte !== 13));

conformance("any input", {}, (server) => {
  test("a JSON body comes through json(), text() and params unharmed", async () => {
    await fc.assert(
      fc.asyncProperty(anyObject, async (value) => {
        const body = JSON.stringify(value);
        const answer = await server().fetch("/echo", { method: "POST", headers: json, body });
        const { __proto__: _dropped, ...members } = JSON.parse(body);
        expect(JSON.parse(answer.text)).toMatchObject({ text: body });
        expect(JSON.parse(answer.text).json).toEqual(JSON.parse(body));
        expect(JSON.parse(answer.text).params).toEqual(withoutProto(members));
      }),
      run,
    );
  });

  test("a query comes through searchParams and params unharmed", async () => {
    await fc.assert(
      fc.asyncProperty(anyQuery, async (pairs) => {
        const answer = await server().fetch(`/echo?${new URLSearchParams(pairs)}`);
        const seen = JSON.parse(answer.text);
        expect(seen.query).toEqual(pairs.map((pair) => pair.map(wellFormed)));
        expect(seen.params).toEqual(withoutProto(toParams(pairs)));
      }),
      run,
    );
  });

  test("a text body comes through text() unharmed", async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const body = wellFormed(text);
        const answer = await server().fetch("/echo?part=text", { method: "POST", body });
        expect(answer.text).toBe(body.replace(/^\ufeff/, ""));
      }),
      run,
    );
  });

  test("a returned JSON value comes back equal", async () => {
    await fc.assert(
      fc.asyncProperty(anyJson.filter((value) => typeof value !== "string"), async (value) => {
        const body = JSON.stringify(value);
        const answer = await server().fetch("/answer", { method: "POST", body });
        expect(answer.status).toBe(200);
        expect(JSON.parse(answer.text)).toEqual(JSON.parse(body));
      }),
      run,
    );
  });

  test("any bytes as a body give no 5xx", async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes, fc.boolean(), async (bytes, isJson) => {
        const headers: Record<string, string> = isJson ? json : {};
        const body = new Uint8Array(bytes);
        const answer = await server().fetch("/echo", { method: "POST", headers, body });
        expect(answer.status).toBeOneOf([200, 400]);
      }),
      run,
    );
  });

  const places: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array])[] = [
    ["path", (bytes) => request("GET /", bytes, ` HTTP/1.1\r\n${host}\r\n`)],
    ["query", (bytes) => request("GET /echo?", bytes, ` HTTP/1.1\r\n${host}\r\n`)],
    ["header value", (bytes) => request(`GET /echo HTTP/1.1\r\n${host}X-A: `, bytes, "\r\n\r\n")],
    ["header name", (bytes) => request(`GET /echo HTTP/1.1\r\n${host}`, bytes, ": 1\r\n\r\n")],
    [
      "host",
      (bytes) => request("GET /echo HTTP/1.1\r\nConnection: close\r\nHost: ", bytes, "\r\n\r\n"),
    ],
    ["method", (bytes) => request("", bytes, ` /echo HTTP/1.1\r\n${host}\r\n`)],
    [
      "content type",
      (bytes) =>
        request(
          `POST /echo HTTP/1.1\r\n${host}Content-Length: 2\r\nContent-Type: `,
          bytes,
          "\r\n\r\n{}",
        ),
    ],
  ];

  test.each([...places])("any bytes as a %s give no 5xx", async (_place, build) => {
    await fc.assert(
      fc.asyncProperty(lineBytes, async (bytes) => {
        const connection = await server().connect();
        connection.send(build(bytes));
        // A parser may go on waiting for more after bytes of no meaning: an answer is not owed.
        connection.closeSending();
        const received = await connection.untilAnswered();
        connection.leave();
        for (const status of statusesOf(received)) expect(status).toBeOneOf(harmless);
      }),
      { ...run, numRuns: 40 },
    );
    expect((await server().fetch("/hello")).status).toBe(200);
  });
});

/** Answers that no task caused; 501 and 505 are the parser's word for what it does not know. */
const harmless = [200, 204, 400, 404, 405, 411, 413, 414, 415, 417, 431, 501, 505];

function request(before: string, bytes: Uint8Array, after: string): Uint8Array {
  return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
}

/** Lone surrogates have no UTF-8 and travel as U+FFFD. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

function toParams(pairs: readonly (readonly [string, string])[]): Record<string, unknown> {
  const params: Record<string, string | string[]> = {};
  for (const [name, value] of pairs.map(([name, value]) => [wellFormed(name), wellFormed(value)])) {
    if (name === undefined || value === undefined) continue;
    const before = Object.hasOwn(params, name) ? params[name] : undefined;
    Object.defineProperty(params, name, {
      value: before === undefined ? value : [before, value].flat(),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return params;
}

function withoutProto(params: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name !== "__proto__"));
}
