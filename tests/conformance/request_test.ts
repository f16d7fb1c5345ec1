import { expect, test } from "bun:test";
import { checkCases, conformance, type HttpCase } from "./cases.ts";

const json = { "content-type": "application/json" };

function post(path: string, body: string, headers: Record<string, string> = json) {
  return { path, method: "POST", headers, body };
}

const members: readonly HttpCase[] = [
  {
    does: "GET sees every member",
    path: "/echo?a=1&b=%C3%BC&a=2&empty=&flag",
    headers: { "X-Token": "t ü" },
    expect: {
      status: 200,
      jsonWith: {
        method: "GET",
        url: "http://acme-testing.localhost/echo?a=1&b=%C3%BC&a=2&empty=&flag",
        isUrl: true,
        hostname: "acme-testing.localhost",
        subdomain: "acme-testing",
        path: "/echo",
        query: [["a", "1"], ["b", "ü"], ["a", "2"], ["empty", ""], ["flag", ""]],
        isSearchParams: true,
        isHeaders: true,
        params: { a: ["1", "2"], b: "ü", empty: "", flag: "" },
        text: null,
        json: null,
        awaitedJson: null,
      },
    },
  },
  {
    does: "POST sees its body",
    ...post("/echo?a=1", '{"b":[1,{"c":"ü"}]}'),
    expect: {
      status: 200,
      jsonWith: {
        method: "POST",
        text: '{"b":[1,{"c":"ü"}]}',
        json: { b: [1, { c: "ü" }] },
        awaitedJson: { b: [1, { c: "ü" }] },
        params: { a: "1", b: [1, { c: "ü" }] },
      },
    },
  },
  {
    does: "an empty body is null as JSON and empty as text",
    ...post("/echo", ""),
    expect: { status: 200, jsonWith: { json: null, text: "", params: {} } },
  },
  {
    does: "the host keeps its port in the URL only",
    path: "/echo",
    host: "acme-testing.localhost:8080",
    expect: {
      status: 200,
      jsonWith: {
        url: "http://acme-testing.localhost:8080/echo",
        hostname: "acme-testing.localhost",
      },
    },
  },
  {
    does: "the host is lower-case",
    path: "/echo",
    host: "ACME-Testing.LOCALHOST",
    expect: {
      status: 200,
      jsonWith: { hostname: "acme-testing.localhost", subdomain: "acme-testing" },
    },
  },
  {
    does: "a header is found in any case",
    path: "/echo",
    headers: { "x-TOKEN": "here" },
    expect: { status: 200, jsonWith: { token: "here", headers: { "x-token": "here" } } },
  },
  {
    does: "an absent header is undefined",
    path: "/echo",
    expect: { status: 200, jsonWith: { token: "absent" } },
  },
  {
    does: "the path keeps a trailing slash",
    path: "/echo/",
    expect: { status: 200, jsonWith: { path: "/echo/" } },
  },
];

const params: readonly HttpCase[] = [
  {
    does: "a member wins over a query parameter",
    ...post("/echo?a=query&b=query", '{"a":"member"}'),
    expect: { status: 200, jsonWith: { params: { a: "member", b: "query" } } },
  },
  ...["PUT", "PATCH", "DELETE"].map((method) => ({
    does: `members are merged for ${method}`,
    path: "/echo",
    method,
    headers: json,
    body: '{"a":1}',
    expect: { status: 200, jsonWith: { params: { a: 1 } } },
  })),
  ...['["a"]', '"a"', "1", "null", "true"].map((body) => ({
    does: `${body} is not merged`,
    ...post("/echo?q=1", body),
    expect: { status: 200, jsonWith: { params: { q: "1" }, json: JSON.parse(body) } },
  })),
  {
    does: "a +json type is merged",
    ...post("/echo", '{"a":1}', { "content-type": "application/vnd.api+json" }),
    expect: { status: 200, jsonWith: { params: { a: 1 } } },
  },
  {
    does: "text/plain is not merged, but json() reads it",
    ...post("/echo?q=1", '{"a":1}', { "content-type": "text/plain" }),
    expect: { status: 200, jsonWith: { params: { q: "1" }, json: { a: 1 } } },
  },
  {
    does: "bad JSON leaves the query alone",
    ...post("/echo?q=1", '{"a":1,}'),
    expect: {
      status: 200,
      jsonWith: { params: { q: "1" }, json: { error: "InvalidJsonError" }, text: '{"a":1,}' },
    },
  },
  {
    does: "a __proto__ member is dropped",
    ...post("/echo", '{"a":1,"__proto__":{"polluted":true}}'),
    expect: { status: 200, jsonWith: { params: { a: 1 }, polluted: false } },
  },
  {
    does: "a constructor member pollutes nothing",
    ...post("/echo", '{"constructor":{"prototype":{"polluted":true}}}'),
    expect: { status: 200, jsonWith: { polluted: false } },
  },
  {
    does: "a __proto__ query parameter pollutes nothing",
    path: "/echo?__proto__=x&__proto__[polluted]=1&constructor=y",
    expect: { status: 200, jsonWith: { polluted: false } },
  },
];

const badJson: readonly (readonly [body: string, position: RegExp])[] = [
  ['{"a":}', /line 1\b.*column 6\b/i],
  ['{\n  "a": 1,\n  b: 2\n}', /line 3\b.*column 3\b/i],
  ['{"a": "ü", x}', /line 1\b.*column 12\b/i],
  ['"open', /line 1\b/i],
  ["[1,2", /line 1\b/i],
  ["NaN", /line 1\b.*column 1\b/i],
  ["\u0000", /line 1\b.*column 1\b/i],
];

conformance("request", {}, (server) => {
  checkCases(server, members);
  checkCases(server, params);

  test.each(badJson)("bad JSON %j that leaves the handler gives 400 and the place", async (
    body,
    position,
  ) => {
    const paths = ["/failing?how=lets+bad+JSON+escape", "/failing?how=lets+bad+JSON+escape+later"];
    for (const path of paths) {
      const answer = await server().fetch(path, { method: "POST", body });
      expect(answer.status).toBe(400);
      const { message, requestId, traceId, ...rest } = JSON.parse(answer.text);
      expect(message).toMatch(position);
      expect(requestId).toBe(answer.headers.get("x-request-id"));
      expect(traceId).toBe(answer.headers.get("x-trace-id"));
      expect(rest).toEqual({});
    }
  });

  test("a leading byte order mark is dropped", async () => {
    const body = new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode('{"a":1}')]);
    const answer = await server().fetch("/echo", { method: "POST", headers: json, body });
    expect(JSON.parse(answer.text)).toMatchObject({
      text: '{"a":1}',
      json: { a: 1 },
      params: { a: 1 },
    });
  });

  test("5 MB of JSON pass unharmed both ways", async () => {
    const value = Array.from({ length: 50_000 }, (_, index) => ({
      index,
      text: `ü✓😀 \u2028 "quoted" \\ ${"x".repeat(60)}`,
    }));
    const body = JSON.stringify(value);
    expect(Buffer.byteLength(body)).toBeGreaterThan(5_000_000);
    const request = { method: "POST", headers: json, body };
    const asText = await server().fetch("/echo?part=text", request);
    expect(asText.text === body).toBe(true);
    const asJson = await server().fetch("/echo?part=json", request);
    expect(Bun.deepEquals(JSON.parse(asJson.text), value)).toBe(true);
  });

  test("imports without an extension, of JSON and of a package that is only types work", async () => {
    const answer = await server().fetch("/imports");
    expect(JSON.parse(answer.text)).toEqual({ greeting: "hello lib", shade: "blue" });
  });
});
