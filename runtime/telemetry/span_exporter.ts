import type { Clock } from "../base/clock.ts";
import { delay, settlesWithin } from "../base/deadline.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import {
  copyRequest,
  type InvocationRecord,
  type Recorder,
  type RequestRecord,
} from "../protocol/records.ts";
import { type Span, type SpanRecord, toAttributes, toSpan } from "./spans.ts";

/** Records that wait; beyond it they are dropped, and counted. */
export const maxWaitingRecords = 4096;
/** Spans that go in one request: what it takes to write them is what the gateway cannot serve. */
export const maxBatchSpans = 512;
/** Between the first record of a batch and its request. */
export const batchDelayMs = 1000;
/** Between two requests while more wait: no more than 5,000 spans a second. */
const pauseMs = 100;
const firstRetryMs = 1000;
const maxRetryMs = 30_000;
const maxTries = 5;
const retryStatuses: readonly number[] = [429, 502, 503, 504];
const msPerSecond = 1000;
/** Between two lines of the log about spans that were lost. */
const tellEveryMs = 60_000;

/** Sends one batch. */
export type Send = (
  body: string,
  options: { readonly signal: AbortSignal },
) => Promise<
  { readonly status: number; readonly retryAfter: string | null; readonly text: string }
>;

/** What an exporter is made of. */
export interface SpanExporterOptions {
  readonly serviceName: string;
  readonly scheme: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly send: Send;
  newTraceId(): string;
}

/**
 * Sends spans to a collector by OTLP over HTTP, as JSON. Recording takes a place in a list; all else is
 * done once a second, a batch at a time. A collector that is slow or away costs spans, never requests.
 */
export class SpanExporter implements Recorder {
  exported = 0;
  dropped = 0;
  readonly #options: SpanExporterOptions;
  readonly #closing = new AbortController();
  #waiting: SpanRecord[] = [];
  /** Settles when nothing waits; undefined when nothing is under way. */
  #exporting: Promise<void> | undefined;
  #tellAgainMs = -Infinity;
  #isClosed = false;

  constructor(options: SpanExporterOptions) {
    this.#options = options;
  }

  requestEnded(record: RequestRecord): void {
    this.#add({ kind: "request", record: copyRequest(record) });
  }

  invocationEnded(record: InvocationRecord): void {
    this.#add({ kind: "invocation", record });
  }

  invocationRunning(): void {}

  invocationReturned(): void {}

  invocationOverdue(): void {}

  output(): void {}

  /** Sends what waits, without any pause, for at most `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    // What waits for its time goes now; what is being sent may finish.
    this.#closing.abort();
    if (this.#exporting) await settlesWithin(this.#exporting, timeoutMs);
    this.dropped += this.#waiting.length;
    this.#waiting = [];
  }

  #add(record: SpanRecord): void {
    if (this.#waiting.length >= maxWaitingRecords || this.#isClosed) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push(record);
    this.#exporting ??= this.#exportAll();
  }

  async #exportAll(): Promise<void> {
    await this.#pause(batchDelayMs);
    while (this.#waiting.length > 0) {
      const records = this.#waiting.splice(0, maxBatchSpans);
      const spans = records.flatMap((record) => toSpan(record, this.#options) ?? []);
      if (spans.length > 0) await this.#export(spans);
      if (this.#waiting.length > 0) await this.#pause(pauseMs);
    }
    this.#exporting = undefined;
  }

  async #export(spans: readonly Span[]): Promise<void> {
    const body = JSON.stringify(this.#toMessage(spans));
    for (let tries = 1; tries <= maxTries; tries++) {
      const result = await this.#try(body);
      if (result.kind === "taken") {
        this.exported += spans.length - result.rejected;
        this.dropped += result.rejected;
        return;
      }
      // Nobody waits for a collector that has turned us down when the server stops.
      const isLast = tries === maxTries || result.kind === "refused" || this.#isClosed;
      if (isLast) return this.#drop(spans.length, result.reason);
      await this.#pause(result.retryMs ?? Math.min(maxRetryMs, firstRetryMs * 2 ** (tries - 1)));
    }
  }

  async #try(body: string): Promise<SendResult> {
    try {
      const signal = AbortSignal.timeout(this.#options.timeoutMs);
      const { status, retryAfter, text } = await this.#options.send(body, { signal });
      if (status >= 200 && status < 300) return { kind: "taken", rejected: readRejected(text) };
      const reason = `the collector answered ${status}`;
      if (!retryStatuses.includes(status)) return { kind: "refused", reason };
      return { kind: "failed", reason, retryMs: toRetryMs(retryAfter) };
    } catch (error) {
      return { kind: "failed", reason: messageOf(error), retryMs: undefined };
    }
  }

  #drop(count: number, reason: string): void {
    this.dropped += count;
    const { clock, log } = this.#options;
    if (clock.monotonicMs() < this.#tellAgainMs) return;
    this.#tellAgainMs = clock.monotonicMs() + tellEveryMs;
    log.warn("spans.dropped", { count, reason });
  }

  /** Ends at once when the exporter is closed. */
  async #pause(delayMs: number): Promise<void> {
    const { clock } = this.#options;
    await delay(delayMs, { clock, signal: this.#closing.signal }).catch(() => {
      // Closed: there is no time to wait for.
    });
  }

  #toMessage(spans: readonly Span[]) {
    const { serviceName } = this.#options;
    const resource = { attributes: toAttributes({ "service.name": serviceName }) };
    const scope = { name: "webtaskd" };
    return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] };
  }
}

type SendResult =
  | { readonly kind: "taken"; readonly rejected: number }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string; readonly retryMs: number | undefined };

function toRetryMs(retryAfter: string | null): number | undefined {
  const seconds = Number(retryAfter ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0
    ? Math.min(maxRetryMs, seconds * msPerSecond)
    : undefined;
}

/** A collector may take a part of a batch, and says how many it did not. */
function readRejected(text: string): number {
  const [, rejected] = /"rejectedSpans"\s*:\s*"?(\d{1,6})/.exec(text) ?? [];
  return Number(rejected ?? 0);
}
