import { expect, test } from "bun:test";
import { checkCases, conformance, type HttpCase } from "./cases.ts";
import { statusesOf } from "./raw.ts";

const hello = { status: 200, json: { hello: "world" } } as const;
const notFound = { status: 404, error: "before" } as const;

const hosts = [
  ["serves the hostname under localhost", "acme-testing.localhost", hello],
  ["serves the hostname under poweredbyjourney.com", "acme-testing.poweredbyjourney.com", hello],
  ["ignores the case of the host", "Acme-TESTING.PoweredByJourney.COM", hello],
  ["ignores the port of the host", "acme-testing.localhost:1234", hello],
  ["ignores one trailing dot", "acme-testing.poweredbyjourney.com.", hello],
  ["ignores one trailing dot before a port", "acme-testing.localhost.:80", hello],
  ["does not know another hostname", "other-testing.localhost", notFound],
  ["does not know another domain", "acme-testing.example.com", notFound],
  ["does not know a bare domain", "poweredbyjourney.com", notFound],
  ["does not know a label before the hostname", "a.acme-testing.localhost", notFound],
  ["does not know the hostname alone", "acme-testing", notFound],
  ["does not know a name that ends like a domain", "acme-testing.notlocalhost", notFound],
] as const;

const paths: readonly HttpCase[] = [
  { does: "serves a task", path: "/hello", expect: hello },
  { does: "accepts one trailing slash", path: "/hello/", expect: hello },
  { does: "accepts a query", path: "/hello?a=1", expect: hello },
  { does: "accepts an empty query", path: "/hello?", expect: hello },
  { does: "accepts a query after a trailing slash", path: "/hello/?a=/b/../c", expect: hello },
  {
    does: "serves a task with capitals, a dash and an underscore",
    path: "/Case-Sensitive_1",
    expect: { status: 200, text: "case" },
  },
  { does: "tells tasks apart by case", path: "/Hello", expect: notFound },
  { does: "has nothing at /", path: "/", expect: notFound },
  { does: "has nothing at two segments", path: "/hello/more", expect: notFound },
  { does: "has nothing below a trailing slash", path: "/hello//", expect: notFound },
  { does: "has nothing at an unknown name", path: "/missing", expect: notFound },
  { does: "hides a task whose web trigger is off", path: "/nightly", expect: notFound },
  { does: "hides a file that is not in the manifest", path: "/unlisted", expect: notFound },
  { does: "hides the manifest", path: "/cloudcode.json", expect: notFound },
  { does: "hides a task's file", path: "/hello.ts", expect: notFound },
  { does: "hides a folder of the app", path: "/lib/greeting", expect: notFound },
  { does: "hides names of every object", path: "/constructor", expect: notFound },
  { does: "hides __proto__", path: "/__proto__", expect: notFound },
  { does: "has no admin address", path: "/healthz", expect: notFound },
  { does: "has no metrics", path: "/metrics", expect: notFound },
];

/** Targets that `fetch` would rewrite before sending them. */
const targetsAsSent: readonly (readonly [does: string, target: string, status: number])[] = [
  ["resolves a dot segment", "/./hello", 200],
  ["resolves two dots", "/x/../hello", 200],
  ["resolves two dots above the root", "/../hello", 200],
  ["resolves dots at the end", "/hello/.", 200],
  ["resolves to nothing", "/hello/..", 404],
  ["resolves encoded dots as URL does", "/x/%2e%2E/hello", 200],
  ["has nothing at an encoded letter", "/%68ello", 404],
  ["has nothing at an encoded slash", "/hello%2f", 404],
  ["has nothing at a lone percent sign", "/hello%", 404],
  ["has nothing at an encoded null", "/hello%00", 404],
  ["has nothing below an empty segment", "//hello", 404],
  ["has nothing at a host in the path", "//acme-testing.localhost/hello", 404],
  ["has nothing at a semicolon", "/hello;a=1", 404],
  ["has nothing at an unencoded name", "/hellö", 404],
];

conformance("routing", {}, (server) => {
  checkCases(
    server,
    hosts.map(([does, host, expected]) => ({ does, host, path: "/hello", expect: expected })),
  );
  checkCases(server, paths);

  test.each(targetsAsSent)("%s: %s", async (_does, target, status) => {
    const answer = await server().raw(
      `GET ${target} HTTP/1.1\r\nHost: acme-testing.localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(statusesOf(answer)).toEqual([status]);
  });

  test("answers under the addresses of this machine", async () => {
    for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
      const answer = await server().fetch("/echo", { host: `${host}:${server().port}` });
      expect({ host, status: answer.status }).toEqual({ host, status: 200 });
      expect(JSON.parse(answer.text)).toMatchObject({ hostname: host, subdomain: "acme-testing" });
    }
  });
});

conformance("routing with two apps", { apps: ["acme", "globex"] }, (server) => {
  checkCases(server, [
    { does: "serves the first", path: "/hello", expect: hello },
    {
      does: "serves the second",
      host: "globex-testing.localhost",
      path: "/hello",
      expect: { status: 200, json: { hello: "globex" } },
    },
    {
      does: "keeps the tasks of one from the other",
      host: "globex-testing.localhost",
      path: "/echo",
      expect: notFound,
    },
    {
      does: "serves a task in a folder of its own",
      host: "globex-testing.localhost",
      path: "/version",
      expect: { status: 200, text: "version 1" },
    },
    {
      does: "does not guess what localhost means",
      host: "localhost",
      path: "/hello",
      expect: notFound,
    },
    {
      does: "does not guess what 127.0.0.1 means",
      host: "127.0.0.1:8787",
      path: "/hello",
      expect: notFound,
    },
  ]);
});

conformance("routing with settings of its own", {
  flags: ["--domain=tasks.example", "--domain=two.example", "--hostname=chosen"],
}, (server) => {
  checkCases(server, [
    {
      does: "serves the chosen names",
      host: "chosen.tasks.example",
      path: "/hello",
      expect: hello,
    },
    { does: "serves the second domain", host: "chosen.two.example", path: "/hello", expect: hello },
    {
      does: "replaces the default domains",
      host: "chosen.poweredbyjourney.com",
      path: "/hello",
      expect: notFound,
    },
    {
      does: "replaces the default hostname",
      host: "acme-testing.tasks.example",
      path: "/hello",
      expect: notFound,
    },
  ]);
});
