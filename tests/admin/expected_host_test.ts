import { expect, test } from "bun:test";
import { isExpectedHost } from "../../runtime/admin/expected_host.ts";

const address = { kind: "tcp", host: "ops.example.com", port: 9000 } as const;

test.each([
  "127.0.0.1",
  "127.0.0.1:9000",
  "192.168.1.20:80",
  "[::1]",
  "[::1]:9000",
  "[FE80::1]",
  "[::ffff:10.0.0.1]",
  "localhost",
  "LocalHost:9000",
  "localhost.:9000",
  "ops.example.com",
  "OPS.example.com:9000",
  "ops.example.com.",
  "127.0.0.1:",
])("isExpectedHost() takes %p", (host) => {
  expect(isExpectedHost(host, address)).toBe(true);
});

test.each([
  undefined,
  "",
  ":9000",
  "attacker.example",
  "attacker.example:9000",
  "127.0.0.1.attacker.example",
  "localhost.attacker.example",
  "x.localhost",
  "localhost..",
  "a.ops.example.com",
  "127.1",
  "2130706433",
  "0x7f000001",
  "127.0.0.1, attacker.example",
  "attacker.example@127.0.0.1",
  "127.0.0.1:9000:9000",
  "[attacker.example]",
  "[127.0.0.1]",
  "[::1",
  "::1",
  "localhost/",
])("isExpectedHost() does not take %p", (host) => {
  expect(isExpectedHost(host, address)).toBe(false);
});

test("isExpectedHost() takes anything on a Unix socket", () => {
  for (const host of [undefined, "", "attacker.example"]) {
    expect(isExpectedHost(host, { kind: "unix", path: "/run/admin.sock" })).toBe(true);
  }
});

test("isExpectedHost() takes the address that was given, and no name beside it", () => {
  const ipv6 = { kind: "tcp", host: "::", port: 9000 } as const;
  expect([isExpectedHost("[::1]:9000", ipv6), isExpectedHost("::", ipv6)]).toEqual([true, false]);
});
