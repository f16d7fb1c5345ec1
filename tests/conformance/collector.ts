import { until } from "./wait.ts";

/** A span as it came, its attributes by key. */
export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code: number };
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface RawAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A collector on loopback that keeps what it is sent, and may turn down the first batches. */
export class Collector implements AsyncDisposable {
  readonly #server: Bun.Server<undefined>;
  readonly #refusals: number[];
  readonly #spans: SeenSpan[] = [];
  readonly #requests: { path: string; headers: Headers; service: unknown }[] = [];

  constructor(refusals: readonly number[] = []) {
    this.#refusals = [...refusals];
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => this.#take(request),
    });
  }

  /** The base that `OTEL_EXPORTER_OTLP_ENDPOINT` names. */
  get endpoint(): string {
    return this.#server.url.origin;
  }

  /** What came with each batch, those turned down included. */
  get requests() {
    return this.#requests;
  }

  /** Waits for spans of which this is true. */
  async untilSpans(
    count: number,
    isWanted: (span: SeenSpan) => boolean,
  ): Promise<readonly SeenSpan[]> {
    return await until("the spans", () => {
      const found = this.#spans.filter(isWanted);
      return found.length >= count ? found : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  async #take(request: Request): Promise<Response> {
    const { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] } = JSON.parse(
      await request.text(),
    );
    const service = toObject(resource.attributes)["service.name"];
    const { headers } = request;
    this.#requests.push({ path: new URL(request.url).pathname, headers, service });
    const status = this.#refusals.shift();
    if (status !== undefined) return new Response("", { status });
    for (const span of spans) {
      this.#spans.push({ ...span, attributes: toObject(span.attributes) });
    }
    return Response.json({});
  }
}

function toObject(attributes: readonly RawAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
