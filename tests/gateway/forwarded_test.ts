import { describe, expect, test } from "bun:test";
import { parseForwarded } from "../../runtime/gateway/forwarded.ts";

describe("parseForwarded()", () => {
  test.each<readonly [value: string, parameters: Record<string, string>]>([
    ["for=1.2.3.4", { for: "1.2.3.4" }],
    ["for=1.2.3.4:80;HOST=a:8080;Proto=https", {
      for: "1.2.3.4:80",
      host: "a:8080",
      proto: "https",
    }],
    [" for=a ; host=b ", { for: "a", host: "b" }],
    [";;for=a;;host=b;", { for: "a", host: "b" }],
    ["for=a, for=b", { for: "a" }],
    [" , ,for=a, for=b", { for: "a" }],
    ['for="[2001:db8::1]:80"', { for: "[2001:db8::1]:80" }],
    ['by="a,b;c=d";host=e', { by: "a,b;c=d", host: "e" }],
    ['by="a\\"b\\\\";host=e', { by: 'a"b\\', host: "e" }],
    ['host=""', { host: "" }],
    ["host=", { host: "" }],
    ["__proto__=a;constructor=b", { ["__proto__"]: "a", constructor: "b" }],
    ["for=a, \0", { for: "a" }],
  ])("reads the first element of %p", (value, parameters) => {
    expect([...parseForwarded(value) ?? []]).toEqual(Object.entries(parameters));
  });

  test.each([
    "",
    " ",
    ",",
    "nonsense",
    "=a",
    "host =a",
    "host=a b",
    'host="a',
    'host="a\\"',
    'host=a"b"',
    'host="a"b',
    "host=a;host=b",
    "host=a;Host=b",
    "host=a;nonsense",
    "host=a;\0",
  ])("makes nothing of %p", (value) => expect(parseForwarded(value)).toBeUndefined());

  test("makes nothing of no header", () => expect(parseForwarded(undefined)).toBeUndefined());

  test("takes time in proportion to the length", () => {
    const long = 100_000;
    const hostile = [
      ";".repeat(long),
      ",".repeat(long),
      `a="${"\\".repeat(long)}`,
      " ".repeat(long),
    ];
    const startMs = performance.now();
    for (const value of hostile) parseForwarded(value);
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });
});
