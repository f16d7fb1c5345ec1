import { describe, expect, test } from "bun:test";
import { expectAnswer } from "./cases.ts";
import { Collector } from "./collector.ts";
import { startServer } from "./server.ts";
import { targets } from "./targets.ts";

const host = "initrode-testing.localhost";
const clientTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const clientSpan = "00f067aa0ba902b7";

describe.each([...targets])("$name: spans", (target) => {
  const start = (env: Readonly<Record<string, string>>) =>
    startServer(target, { apps: ["initrode"], env });

  test("go to the collector, as children of their request and linked to each other", async () => {
    await using collector = new Collector([503]);
    const server = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20secret",
      OTEL_SERVICE_NAME: "shop",
    });
    try {
      const headers = { traceparent: `00-${clientTrace}-${clientSpan}-01` };
      expectAnswer(await server.fetch("/overdue", { host, headers }), { status: 504 });
      const spans = await collector.untilSpans(3, ({ traceId }) => traceId === clientTrace);
      const [request] = spans.filter(({ kind }) => kind === 2);
      expect(request).toMatchObject({
        ...{ name: "GET /overdue", parentSpanId: clientSpan, status: { code: 2 } },
        attributes: { "http.response.status_code": "504", "webtaskd.answer": "timed-out" },
      });
      const runs = spans.filter(({ kind }) => kind === 1)
        .toSorted((a, b) =>
          Number(a.attributes["webtaskd.attempt"]) - Number(b.attributes["webtaskd.attempt"])
        );
      expect(runs).toMatchObject([
        { name: "run overdue", parentSpanId: request?.spanId },
        {
          ...{ name: "run overdue", parentSpanId: request?.spanId },
          links: [{ traceId: clientTrace, spanId: runs[0]?.spanId }],
        },
      ]);
      for (const { path, headers, service } of collector.requests) {
        expect([path, headers.get("content-type"), headers.get("x-key"), service]).toEqual([
          ...["/v1/traces", "application/json", "a secret", "shop"],
        ]);
      }
    } finally {
      await server.stop();
    }
  });

  test("that wait when the server stops are sent", async () => {
    await using collector = new Collector();
    const server = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    const answer = await server.fetch("/faulty", { host });
    await server.stop();
    const traceId = answer.headers.get("x-trace-id");
    const [first, second] = await collector.untilSpans(2, (span) => span.traceId === traceId);
    expect([first, second]).toMatchObject([{ status: { code: 2 } }, { status: { code: 2 } }]);
    expect(collector.requests).toHaveLength(1);
  });

  test("cost no request and no stop anything where the collector is away", async () => {
    const server = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" });
    try {
      expectAnswer(await server.fetch("/hello", { host }), { status: 200 });
    } finally {
      await server.stop();
    }
    expect(await server.exited).toBe(0);
  });

  test("are not sent anywhere the settings do not say clearly", async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" };
    const error = await start(env).catch((error) => error);
    expect(String(error.message)).toContain('Cannot use OTEL_EXPORTER_OTLP_ENDPOINT "collector');
  });
});
