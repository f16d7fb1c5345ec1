import { expect, test } from "bun:test";
import { checkCases, conformance, type HttpCase } from "./cases.ts";
import { untilRequest } from "./records.ts";

const publicHost = "acme-testing.poweredbyjourney.com";
const forwarded = {
  "x-forwarded-proto": "https",
  "x-forwarded-host": publicHost,
  "x-forwarded-for": "203.0.113.7",
};
const seenPublicly = {
  url: `https://${publicHost}/echo?a=1`,
  hostname: publicHost,
  subdomain: "acme-testing",
};

const trusted: readonly HttpCase[] = [
  {
    does: "X-Forwarded headers make the public URL",
    path: "/echo?a=1",
    headers: forwarded,
    expect: { status: 200, jsonWith: seenPublicly },
  },
  {
    does: "Forwarded makes the public URL",
    path: "/echo?a=1",
    headers: { forwarded: `for=203.0.113.7;proto=https;host="${publicHost}"` },
    expect: { status: 200, jsonWith: seenPublicly },
  },
  {
    does: "the forwarded host decides",
    path: "/hello",
    host: "internal.example:8787",
    headers: forwarded,
    expect: { status: 200, json: { hello: "world" } },
  },
  {
    does: "an unknown forwarded host is not found",
    path: "/hello",
    headers: { "x-forwarded-host": "unknown.example" },
    expect: { status: 404, error: "before" },
  },
  {
    does: "without them the Host header decides",
    path: "/echo",
    expect: { status: 200, jsonWith: { url: "http://acme-testing.localhost/echo" } },
  },
];

conformance("a trusted proxy", {
  flags: ["--trust-proxy=127.0.0.0/8", "--log=json"],
}, (server) => {
  checkCases(server, trusted);

  test("tells the address of the client, which is in the records", async () => {
    const answer = await server().fetch("/hello", { headers: forwarded });
    const { client } = await untilRequest(server(), answer.headers.get("x-request-id"));
    expect(client).toBe("203.0.113.7");
  });

  test("passes its X-Request-Id on", async () => {
    const id = "proxy-7f3a.1_x";
    const answer = await server().fetch("/context", { headers: { "x-request-id": id } });
    expect(answer.headers.get("x-request-id")).toBe(id);
    expect(JSON.parse(answer.text).requestId).toBe(id);
  });

  test("cannot pass on an identifier that breaks lines or logs", async () => {
    for (const id of ["", "a b", "ü".repeat(3), "x".repeat(5000), "<script>"]) {
      const answer = await server().fetch("/hello", { headers: { "x-request-id": id } });
      expect(answer.headers.get("x-request-id")).toMatch(/^[\w.:+\/=-]{1,200}$/);
    }
  });

  test("cannot make the server fail with odd values", async () => {
    const odd = ["", ",", "ftp", "https, http", "\u007f", ";;;", "host=", 'host="', "[::", "a b"];
    for (const name of ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-for", "forwarded"]) {
      for (const value of odd) {
        const answer = await server().fetch("/hello", { headers: { [name]: value } });
        expect({ name, value, fine: answer.status < 500 }).toEqual({ name, value, fine: true });
      }
    }
  });
});

conformance("an address that is not a trusted proxy", {}, (server) => {
  checkCases(server, [
    {
      does: "its X-Forwarded headers do not count",
      path: "/echo",
      headers: forwarded,
      expect: { status: 200, jsonWith: { url: "http://acme-testing.localhost/echo" } },
    },
    {
      does: "its Forwarded header does not count",
      path: "/echo",
      headers: { forwarded: `proto=https;host=${publicHost}` },
      expect: { status: 200, jsonWith: { url: "http://acme-testing.localhost/echo" } },
    },
  ]);

  test("its X-Request-Id does not count", async () => {
    const answer = await server().fetch("/hello", { headers: { "x-request-id": "mine" } });
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  });
});
