import { describe, expect, test } from "bun:test";
import { readOtlp } from "../../runtime/config/otlp.ts";

describe("readOtlp()", () => {
  test.each([{}, { OTEL_EXPORTER_OTLP_ENDPOINT: "" }, { OTEL_SERVICE_NAME: "shop" }])(
    "finds nothing in %p",
    (env) => expect(readOtlp(env)).toBeUndefined(),
  );

  test.each([
    ["http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"],
    ["http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"],
    ["https://otlp.example/base", "https://otlp.example/base/v1/traces"],
  ])("adds the path of traces to %p", (endpoint, url) => {
    expect(readOtlp({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toEqual({
      ...{ url, headers: {}, serviceName: "webtaskd", timeoutMs: 10_000 },
    });
  });

  test("takes the endpoint of traces as it is, and everything else there is", () => {
    expect(readOtlp({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:4318/other",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20YTpi=, x-tenant = one",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "X-Tenant=two",
      OTEL_EXPORTER_OTLP_TIMEOUT: "2500",
      OTEL_SERVICE_NAME: "shop",
    })).toEqual({
      url: "http://127.0.0.1:4318/other",
      headers: { authorization: "Basic YTpi=", "x-tenant": "two" },
      ...{ serviceName: "shop", timeoutMs: 2_500 },
    });
  });

  const OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:4318";

  test.each([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "127.0.0.1:4318" },
      'Cannot use OTEL_EXPORTER_OTLP_ENDPOINT "127.0.0.1:4318": ' +
      "give a URL, as http://127.0.0.1:4318",
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TIMEOUT: "10s" },
      'Cannot use OTEL_EXPORTER_OTLP_TIMEOUT "10s": ' +
      "give a whole number of milliseconds up to 60000",
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: "a secret" },
      "Cannot use OTEL_EXPORTER_OTLP_HEADERS: give name=value, several separated by commas",
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: "secret=%E0%A4%A" },
      "Cannot use OTEL_EXPORTER_OTLP_HEADERS: give name=value, several separated by commas",
    ],
  ])("refuses %p", (env, message) => {
    expect(() => readOtlp(env)).toThrow(expect.objectContaining({ code: "bad_setting", message }));
  });
});
