import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkCases, conformance, expectAnswer, type HttpCase } from "./cases.ts";
import { statusesOf } from "./raw.ts";

const json = { "content-type": "application/json" };
const xml = { "content-type": "application/xml" };
const overLimit = "x".repeat(1025);
const notUtf8 = new Uint8Array([0x22, 0xff, 0xfe, 0x22]);
const error = (status: number) => ({ status, error: "before" }) as const;

const order: readonly HttpCase[] = [
  { does: "404 host comes before 404 task", host: "no.localhost", path: "/no", expect: error(404) },
  {
    does: "404 comes before 405 and 415",
    path: "/missing",
    method: "DELETE",
    headers: xml,
    body: "<a/>",
    expect: error(404),
  },
  {
    does: "405 comes before 415",
    path: "/hello",
    method: "POST",
    headers: xml,
    body: "<a/>",
    expect: error(405),
  },
  {
    does: "405 comes before 413",
    path: "/counter",
    method: "PUT",
    headers: json,
    body: overLimit,
    expect: error(405),
  },
  {
    does: "415 comes before 413",
    path: "/counter",
    method: "POST",
    headers: xml,
    body: overLimit,
    expect: error(415),
  },
  {
    does: "413 comes before 400",
    path: "/counter",
    method: "POST",
    headers: json,
    body: new Uint8Array(1025).fill(0xff),
    expect: error(413),
  },
  {
    does: "400 comes before the task",
    path: "/counter",
    method: "POST",
    headers: json,
    body: notUtf8,
    expect: error(400),
  },
];

const methods: readonly HttpCase[] = [
  ...["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => ({
    does: `${method} runs its handler`,
    path: "/methods",
    method,
    expect: { status: 200, text: method },
  })),
  {
    does: "DELETE runs the export del",
    path: "/echo?part=text",
    method: "DELETE",
    body: "gone",
    expect: { status: 200, text: "gone" },
  },
  {
    does: "HEAD runs get and drops the body",
    path: "/methods",
    method: "HEAD",
    expect: { status: 200, text: "", headers: { "x-method": "HEAD", "content-type": /^text\// } },
  },
  {
    does: "HEAD runs the export head",
    path: "/own_head_options",
    method: "HEAD",
    expect: { status: 202, text: "", headers: { "x-handler": "head" } },
  },
  {
    does: "OPTIONS tells the methods",
    path: "/methods",
    method: "OPTIONS",
    expect: {
      status: 204,
      text: "",
      headers: { allow: "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS", "x-trace-id": undefined },
    },
  },
  {
    does: "OPTIONS runs the export options",
    path: "/own_head_options",
    method: "OPTIONS",
    expect: { status: 200, text: "options", headers: { "x-handler": "options" } },
  },
  {
    does: "405 tells the methods",
    path: "/hello",
    method: "POST",
    expect: { ...error(405), headers: { allow: "GET, HEAD, OPTIONS" } },
  },
  {
    does: "405 answers a method without a name in the contract",
    path: "/hello",
    method: "PROPFIND",
    expect: { status: 405 },
  },
  {
    does: "ignores run and other exports",
    path: "/only_run",
    expect: { ...error(405), headers: { allow: /OPTIONS/ } },
  },
];

const accepted = [
  "application/json",
  "application/json; charset=utf-8",
  "APPLICATION/JSON",
  'application/json;odd="a;b"',
  "application/vnd.api+json",
  "Application/Problem+JSON; x=1",
  "text/plain",
  "text/plain;charset=UTF-8",
];
const refused = [
  "application/xml",
  "text/html",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/octet-stream",
  "application/jsonp",
  "application/x-json",
  "text/json",
  "image/svg+xml",
  "+json",
  "json",
  "text/plainer",
];

const mediaTypes: readonly HttpCase[] = [
  ...accepted.map((type) => ({
    does: `accepts a body of type ${type}`,
    path: "/echo?part=text",
    method: "POST",
    headers: { "content-type": type },
    body: '{"a":1}',
    expect: { status: 200, text: '{"a":1}' },
  })),
  ...refused.map((type) => ({
    does: `refuses a body of type ${type}`,
    path: "/echo",
    method: "POST",
    headers: { "content-type": type },
    body: '{"a":1}',
    expect: error(415),
  })),
  {
    does: "does not look at the type without a body",
    path: "/methods",
    method: "POST",
    headers: xml,
    expect: { status: 200 },
  },
];

conformance("order of checks", {
  flags: (folder) => [`--env=RUNS_FILE=${join(folder, "runs")}`],
}, (server) => {
  checkCases(server, order);

  test("none of them ran a task", () => {
    expect(existsSync(join(server().folder, "runs"))).toBe(false);
  });

  test("413 does not wait for the body that Content-Length announces", async () => {
    const connection = await server().connect();
    connection.send(
      "POST /counter HTTP/1.1\r\nHost: acme-testing.localhost\r\nContent-Length: 1025\r\n\r\n",
    );
    expect(statusesOf(await connection.untilAnswered())).toEqual([413]);
    connection.leave();
  });

  test("413 ends a chunked body at the limit", async () => {
    const connection = await server().connect();
    connection.send(
      "POST /counter HTTP/1.1\r\nHost: acme-testing.localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = `200\r\n${"x".repeat(512)}\r\n`;
    connection.send(chunk + chunk + chunk);
    expect(statusesOf(await connection.untilAnswered())).toEqual([413]);
    connection.leave();
  });

  test("a body of exactly the limit is let in, chunked too", async () => {
    const body = "x".repeat(1024);
    const atOnce = await server().fetch("/counter", { method: "POST", body });
    expectAnswer(atOnce, { status: 200, text: body });
    const chunked = await server().raw(
      "POST /counter HTTP/1.1\r\nHost: acme-testing.localhost\r\nTransfer-Encoding: chunked\r\n" +
        `Connection: close\r\n\r\n400\r\n${body}\r\n0\r\n\r\n`,
    );
    expect(statusesOf(chunked)).toEqual([200]);
    expect(chunked).toContain(body);
  });
});

conformance("methods and media types", {}, (server) => {
  checkCases(server, methods);
  checkCases(server, mediaTypes);

  test("accepts a body without a type", async () => {
    const answer = await server().raw(
      "POST /echo?part=text HTTP/1.1\r\nHost: acme-testing.localhost\r\nContent-Length: 7\r\n" +
        'Connection: close\r\n\r\n{"a":1}',
    );
    expect(statusesOf(answer)).toEqual([200]);
    expect(answer).toEndWith('{"a":1}');
  });

  test("gives every request an identifier of its own", async () => {
    const answers = await Promise.all([1, 2, 3].map(() => server().fetch("/hello")));
    const ids = answers.flatMap(({ headers }) => [
      headers.get("x-request-id"),
      headers.get("x-trace-id"),
    ]);
    expect(new Set(ids).size).toBe(6);
  });
});

conformance("a lowered body limit", { flags: ["--max-body=10B"] }, (server) => {
  checkCases(server, [
    {
      does: "the flag wins over the manifest",
      path: "/echo",
      method: "POST",
      body: "12345678901",
      expect: error(413),
    },
    {
      does: "a body at the limit passes",
      path: "/echo?part=text",
      method: "POST",
      body: "1234567890",
      expect: { status: 200, text: "1234567890" },
    },
  ]);
});
