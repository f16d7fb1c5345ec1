import { expect, test } from "bun:test";
import { toTaskUrls, type UrlContext } from "../../runtime/gateway/task_urls.ts";
import { FakePool, settingsOf, targetOf } from "../invocation/support.ts";

function deploymentOf(hostname: string, ...names: string[]) {
  const { deployment } = targetOf(new FakePool());
  const tasks = new Map(names.map((name) => [name, { name, settings: settingsOf() }]));
  return { ...deployment, hostname, active: { ...deployment.active, tasks } };
}

const acme = deploymentOf("acme", "hello", "report");
const globex = deploymentOf("globex", "hello");
const context: UrlContext = {
  domains: ["poweredbyjourney.com", "localhost"],
  url: "http://127.0.0.1:8787",
  isLoopback: true,
};

test("toTaskUrls() names localhost for the only deployment", () => {
  expect(toTaskUrls([acme], context)).toEqual([
    "http://localhost:8787/hello",
    "http://localhost:8787/report",
  ]);
});

test("toTaskUrls() names the hostname of each of several", () => {
  expect(toTaskUrls([acme, globex], context)).toEqual([
    "http://acme.localhost:8787/hello",
    "http://acme.localhost:8787/report",
    "http://globex.localhost:8787/hello",
  ]);
});

test("toTaskUrls() names the first domain outside loopback, or without localhost", () => {
  const outside = { ...context, url: "https://0.0.0.0:443", isLoopback: false };
  expect(toTaskUrls([globex], outside)).toEqual(["https://globex.poweredbyjourney.com/hello"]);
  const domains = ["example.com"];
  expect(toTaskUrls([acme, globex], { ...context, domains }).at(-1)).toBe(
    "http://globex.example.com:8787/hello",
  );
});

test("toTaskUrls() names nothing where no task is served", () => {
  expect(toTaskUrls([deploymentOf("acme")], context)).toEqual([]);
});
