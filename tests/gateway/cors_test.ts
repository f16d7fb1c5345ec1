import { describe, expect, test } from "bun:test";
import type { CorsSettings } from "../../runtime/base/task_settings.ts";
import { corsHeaders, isPreflight, preflightHeaders } from "../../runtime/gateway/cors.ts";

const origin = "https://x.example";

function corsOf(settings: Partial<CorsSettings> = {}): CorsSettings {
  return {
    origins: [origin, "https://y.example"],
    methods: undefined,
    headers: undefined,
    exposeHeaders: [],
    hasCredentials: false,
    maxAgeSeconds: undefined,
    ...settings,
  };
}

test.each([
  ["OPTIONS", { origin, "access-control-request-method": "GET" }, true],
  ["OPTIONS", { origin }, false],
  ["OPTIONS", { "access-control-request-method": "GET" }, false],
  ["GET", { origin, "access-control-request-method": "GET" }, false],
])("isPreflight() of %s with %j is %p", (method, headers, is) => {
  expect(isPreflight(method, headers)).toBe(is);
});

describe("corsHeaders()", () => {
  test("name the origin that is allowed, and vary by it", () => {
    expect(corsHeaders(corsOf(), { origin })).toEqual({
      vary: "Origin",
      "access-control-allow-origin": origin,
    });
  });

  test.each([
    undefined,
    "https://z.example",
    "https://x.example.evil",
    "http://x.example",
    "null",
    "",
  ])("allow nothing to %p, and vary all the same", (other) => {
    const headers: Record<string, string> = other === undefined ? {} : { origin: other };
    expect(corsHeaders(corsOf({ hasCredentials: true, exposeHeaders: ["x-a"] }), headers))
      .toEqual({ vary: "Origin" });
  });

  test("say * where every origin is allowed", () => {
    expect(corsHeaders(corsOf({ origins: "*" }), { origin })).toMatchObject({
      "access-control-allow-origin": "*",
    });
  });

  test("never give credentials to whoever asks: browsers refuse * with them", () => {
    expect(corsHeaders(corsOf({ origins: "*", hasCredentials: true }), { origin })).toMatchObject({
      "access-control-allow-origin": "*",
    });
  });

  test("name the headers to expose, and credentials", () => {
    const cors = corsOf({ hasCredentials: true, exposeHeaders: ["x-a", "x-b"] });
    expect(corsHeaders(cors, { origin })).toMatchObject({
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "x-a, x-b",
    });
  });
});

describe("preflightHeaders()", () => {
  const asked = {
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "x-a, content-type",
  };

  test("name the methods the task has, and no headers", () => {
    expect(preflightHeaders(corsOf(), asked, ["GET", "OPTIONS"])).toEqual({
      vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, OPTIONS",
    });
  });

  test("name the methods, headers and age of the settings", () => {
    const cors = corsOf({ methods: ["PUT"], headers: ["x-a", "x-b"], maxAgeSeconds: 0 });
    expect(preflightHeaders(cors, asked, ["GET"])).toMatchObject({
      "access-control-allow-methods": "PUT",
      "access-control-allow-headers": "x-a, x-b",
      "access-control-max-age": "0",
    });
  });

  test("echo the headers asked for where all are allowed", () => {
    const cors = corsOf({ headers: "*" });
    const allowed = "access-control-allow-headers";
    expect(preflightHeaders(cors, asked, [])[allowed]).toBe("x-a, content-type");
    const { "access-control-request-headers": _, ...without } = asked;
    expect(preflightHeaders(cors, without, [])).not.toHaveProperty(allowed);
  });

  test("allow nothing to another origin", () => {
    const headers = { ...asked, origin: "https://z.example" };
    expect(preflightHeaders(corsOf(), headers, ["GET"])).toEqual({ vary: "Origin" });
  });
});
