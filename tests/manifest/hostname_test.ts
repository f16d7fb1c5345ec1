import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  defaultHostname,
  parseHostname,
  suggestHostname,
} from "../../runtime/manifest/hostname.ts";

test.each(["a", "acme-my-app", "x9", "a".repeat(63)])("parseHostname() reads %s", (text) => {
  expect(parseHostname(text)).toBe(text);
});

test.each(["", "-a", "a-", "Acme", "a.b", "a_b", "é", "a".repeat(64)])(
  "parseHostname() refuses %p",
  (text) => expect(() => parseHostname(text)).toThrow("Cannot use hostname"),
);

test("defaultHostname() adds the environment, except for production", () => {
  expect(defaultHostname("acme", "staging")).toBe("acme-staging");
  expect(defaultHostname("acme", "production")).toBe("acme");
});

test.each([
  [["shop"], undefined, "shop-testing"],
  [["shop", "shop-testing"], undefined, "shop-staging"],
  [["shop", "shop-testing", "shop-staging"], "Acme Inc.", "acme-inc-shop"],
  [["shop", "shop-testing", "shop-staging"], undefined, "shop-2"],
])("suggestHostname() with %p taken", (taken, organization, suggestion) => {
  const isTaken = (hostname: string) => taken.includes(hostname);
  expect(suggestHostname("shop", { isTaken, organization })).toBe(suggestion);
});

test("suggestHostname() always suggests a valid hostname that is free", () => {
  const anyText = fc.string({ maxLength: 80, unit: "grapheme" });
  fc.assert(
    fc.property(anyText, anyText, fc.nat({ max: 20 }), (wanted, organization, taken) => {
      const seen = new Set<string>();
      const isTaken = (hostname: string) => seen.size < taken && !!seen.add(hostname);
      const suggestion = suggestHostname(wanted, { isTaken, organization });
      expect(parseHostname(suggestion)).toBe(suggestion);
      expect(seen.has(suggestion)).toBe(false);
    }),
  );
});
