import { systemClock } from "../base/clock.ts";
import type { Platform } from "../platform/platform.ts";
import { IdSource } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { OtlpSettings } from "../config/otlp.ts";
import type { Recorder } from "../protocol/records.ts";
import { toAll } from "../store/recorders.ts";
import { Counts } from "../telemetry/counts.ts";
import { createExposition, type Exposition } from "../telemetry/exposition.ts";
import { LoopLag } from "../telemetry/loop_lag.ts";
import { listMetrics, type PoolState } from "../telemetry/metrics.ts";
import { sendTo } from "../telemetry/otlp_http.ts";
import { SpanExporter } from "../telemetry/span_exporter.ts";

/** For the last spans, when the server stops. */
const lastSpansMs = 2_000;

/** What the signals of a server are made of. */
export interface SignalsOptions {
  readonly platform: Platform;
  readonly log: Log;
  /** Where spans go; undefined for nowhere. */
  readonly otlp: OtlpSettings | undefined;
  /** Of the public addresses. */
  readonly scheme: "http" | "https";
}

/** What is looked at for each scrape. */
export interface MetricParts {
  /** The pools that there are now. */
  pools(): readonly PoolState[];
  /** How far stored records are behind; undefined where none are stored. */
  readonly storeLagMs: (() => number) | undefined;
}

/** What a server tells of itself to those who watch over it. */
export class Signals {
  readonly #options: SignalsOptions;
  readonly #counts = new Counts();
  readonly #loopLag = new LoopLag(systemClock);
  readonly #startedAt = systemClock.wallMs();
  readonly #spans: SpanExporter | undefined;
  #exposition: Promise<() => Promise<Exposition>> | undefined;

  constructor(options: SignalsOptions) {
    this.#options = options;
    this.#spans = createExporter(options);
  }

  /** Where records go to be counted, and to become spans. */
  get recorder(): Recorder {
    return this.#spans ? toAll([this.#counts, this.#spans]) : this.#counts;
  }

  /** A process of a deployment has ended; why, in one word. */
  processEnded(deployment: string, cause: string): void {
    this.#counts.processEnded(deployment, cause);
  }

  /** Writes all metrics. */
  async metrics(parts: MetricParts): Promise<Exposition> {
    this.#exposition ??= createExposition(this.#list(parts));
    return await (await this.#exposition)();
  }

  /** Sends the last spans; at the end, when nothing is recorded any more. */
  async close(): Promise<void> {
    this.#loopLag.stop();
    await this.#spans?.close(lastSpansMs);
  }

  #list({ pools, storeLagMs }: MetricParts) {
    const { platform } = this.#options;
    const spans = this.#spans;
    return listMetrics({
      counts: this.#counts,
      loopLag: this.#loopLag,
      pools,
      storeLagMs,
      spans: spans && (() => spans),
      process: {
        usage: () => platform.usage(),
        rssBytes: () => platform.rssBytes(),
        startedAt: this.#startedAt,
      },
    });
  }
}

function createExporter({ log, otlp, scheme }: SignalsOptions): SpanExporter | undefined {
  if (!otlp) return undefined;
  const ids = new IdSource();
  return new SpanExporter({
    ...{ log, scheme, clock: systemClock },
    serviceName: otlp.serviceName,
    timeoutMs: otlp.timeoutMs,
    send: sendTo(otlp),
    newTraceId: () => ids.traceId(),
  });
}
