import { describe, expect, test } from "bun:test";
import { HostTable, type HostTableOptions } from "../../runtime/gateway/hosts.ts";
import { FakePool, targetOf } from "../invocation/support.ts";

function deploymentOf(hostname: string) {
  return { ...targetOf(new FakePool()).deployment, hostname };
}

const [acme, globex] = [deploymentOf("acme"), deploymentOf("globex-testing")];

function tableOf(options: Partial<HostTableOptions> = {}): HostTable {
  return new HostTable({
    domains: ["poweredbyjourney.com", "localhost"],
    deployments: [acme, globex],
    isLoopback: false,
    ...options,
  });
}

function find(host: string | undefined, options?: Partial<HostTableOptions>): string {
  const match = tableOf(options).find(host);
  return match.kind === "found" ? match.deployment.hostname : match.kind;
}

describe("HostTable.find()", () => {
  test.each([
    ["acme.localhost", "acme"],
    ["acme.poweredbyjourney.com", "acme"],
    ["globex-testing.localhost:8787", "globex-testing"],
    ["ACME.LocalHost", "acme"],
    ["acme.localhost.", "acme"],
    ["acme.localhost.:443", "acme"],
    ["acme.localhost:", "acme"],
    ["acme.localhost:65535", "acme"],

    ["other.localhost", "unknown"],
    ["acme", "unknown"],
    ["acme.example.com", "unknown"],
    ["x.acme.localhost", "unknown"],
    ["localhost", "unknown"],
    ["127.0.0.1", "unknown"],
    ["[::1]:80", "unknown"],
    ["__proto__", "unknown"],
    ["constructor", "unknown"],

    ["", "malformed"],
    ["acme.localhost, acme.localhost", "malformed"],
    ["acme.localhost,other", "malformed"],
    ["acme.localhost:65536", "malformed"],
    ["acme.localhost:http", "malformed"],
    ["acme.localhost:80:80", "malformed"],
    ["acme..localhost", "malformed"],
    ["acme.localhost..", "malformed"],
    [".acme.localhost", "malformed"],
    ["acme localhost", "malformed"],
    ["acme.localhost/path", "malformed"],
    ["user@acme.localhost", "malformed"],
    ["äcme.localhost", "malformed"],
    ["%61cme.localhost", "malformed"],
    ["[::1", "malformed"],
    ["a".repeat(254), "malformed"],
  ])("for %p is %s", (host, found) => expect(find(host)).toBe(found));

  test("for no host is malformed", () => expect(find(undefined)).toBe("malformed"));

  test("gives the same answer again, and for thousands of others in between", () => {
    const table = tableOf();
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 1_500; index++) {
        expect(table.find(`x${index}.localhost`).kind).toBe("unknown");
      }
      expect(table.find("acme.localhost")).toEqual({ kind: "found", deployment: acme });
      expect(table.find("a b").kind).toBe("malformed");
    }
  });
});

describe("on a loopback address", () => {
  const hosts = ["localhost", "localhost:8787", "127.0.0.1:8787", "[::1]:8787", "LOCALHOST"];

  test.each(hosts)("%s reaches the only deployment", (host) => {
    expect(find(host, { deployments: [acme], isLoopback: true })).toBe("acme");
  });

  test.each(hosts)("%s reaches none of several, nor of none", (host) => {
    expect(find(host, { isLoopback: true })).toBe("unknown");
    expect(find(host, { deployments: [], isLoopback: true })).toBe("unknown");
  });
});
