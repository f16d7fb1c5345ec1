import type { InvocationRecord, RequestRecord } from "../protocol/records.ts";
import {
  isSampled,
  readTraceParent,
  toRequestSpanId,
  toSpanId,
  type TraceParent,
} from "../protocol/trace_context.ts";

/*
 * Spans as OTLP writes them in JSON: https://opentelemetry.io/docs/specs/otlp/. Times are texts, as
 * nanoseconds since 1970 are more than a number holds.
 */

type AttributeValue = { readonly stringValue: string } | { readonly intValue: string } | {
  readonly boolValue: boolean;
} | { readonly doubleValue: number };

/** A name with its value. */
export interface Attribute {
  readonly key: string;
  readonly value: AttributeValue;
}

/** One span. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly events?: readonly {
    readonly name: string;
    readonly timeUnixNano: string;
    readonly attributes: readonly Attribute[];
  }[];
  readonly status?: { readonly code: number; readonly message?: string };
}

/** Something that a span is made of. */
export type SpanRecord =
  | { readonly kind: "request"; readonly record: RequestRecord }
  | { readonly kind: "invocation"; readonly record: InvocationRecord };

const kindInternal = 1;
const kindServer = 2;
const statusError = 2;
const leastServerError = 500;
const microsecondsPerMs = 1000;
/** Those that OpenTelemetry knows; any other could be one of endlessly many. */
const knownMethods = [
  ...["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"],
];

/** Makes a span; undefined where the client does not record its trace. */
export function toSpan(
  { kind, record }: SpanRecord,
  { scheme, newTraceId }: { readonly scheme: string; newTraceId(): string },
): Span | undefined {
  const { traceparent } = record;
  const parent = traceparent === undefined ? undefined : readTraceParent({ traceparent });
  if (parent && !isSampled(parent)) return undefined;
  if (kind === "invocation") return toInvocationSpan(record, parent);
  return toRequestSpan(record, { parent, scheme, newTraceId });
}

interface RequestSurroundings {
  readonly parent: TraceParent | undefined;
  readonly scheme: string;
  newTraceId(): string;
}

function toRequestSpan(
  record: RequestRecord,
  { parent, scheme, newTraceId }: RequestSurroundings,
): Span {
  const { method, path, status, task, reason } = record;
  const firstTraceId = record.firstTraceId ?? newTraceId();
  const isKnown = knownMethods.includes(method);
  const isError = status >= leastServerError;
  return {
    traceId: parent?.traceId ?? firstTraceId,
    spanId: toRequestSpanId(firstTraceId),
    ...(parent && { parentSpanId: parent.spanId }),
    name: `${isKnown ? method : "HTTP"}${task === undefined ? "" : ` /${task}`}`,
    kind: kindServer,
    ...toTimes(record),
    attributes: toAttributes({
      "http.request.method": isKnown ? method : "_OTHER",
      "http.request.method_original": isKnown ? undefined : method,
      "http.route": task === undefined ? undefined : `/${task}`,
      "http.response.status_code": status,
      "url.path": path,
      "url.scheme": scheme,
      "error.type": isError ? String(status) : undefined,
      "webtaskd.request_id": record.requestId,
      "webtaskd.deployment": record.deployment,
      "webtaskd.release": record.release,
      "webtaskd.answer": record.answer,
    }),
    ...(isError && { status: { code: statusError, ...(reason && { message: reason }) } }),
  };
}

function toInvocationSpan(record: InvocationRecord, parent: TraceParent | undefined): Span {
  const { traceId, firstTraceId, previousTraceId, state, reason, stack, code } = record;
  const context = parent?.traceId ?? firstTraceId;
  const times = toTimes(record);
  const isError = state !== "COMPLETED";
  return {
    traceId: context,
    spanId: toSpanId(traceId),
    parentSpanId: toRequestSpanId(firstTraceId),
    name: `run ${record.task}`,
    kind: kindInternal,
    ...times,
    attributes: toAttributes({
      "webtaskd.trace_id": traceId,
      "webtaskd.request_id": record.requestId,
      "webtaskd.attempt": record.attempt,
      "webtaskd.deployment": record.deployment,
      "webtaskd.release": record.release,
      "webtaskd.task": record.task,
      "webtaskd.state": state,
      "webtaskd.delivered": record.delivered,
      "webtaskd.queued_ms": record.queuedMs,
      "webtaskd.authenticate_ms": record.authenticateMs,
      "webtaskd.handler_ms": record.handlerMs,
      "webtaskd.cpu_ms": record.cpuMs,
      "webtaskd.peak_rss_bytes": record.peakRssBytes,
      "process.pid": record.pid,
      "error.type": isError ? code ?? state : undefined,
    }),
    ...(previousTraceId !== undefined && {
      links: [{ traceId: context, spanId: toSpanId(previousTraceId) }],
    }),
    ...(isError && { status: { code: statusError, ...(reason && { message: reason }) } }),
    ...(stack !== undefined && {
      events: [{
        name: "exception",
        timeUnixNano: times.endTimeUnixNano,
        attributes: toAttributes({ "exception.message": reason, "exception.stacktrace": stack }),
      }],
    }),
  };
}

function toTimes({ startedAt, durationMs }: { startedAt: number; durationMs: number }) {
  const startedMicros = Math.round(startedAt * microsecondsPerMs);
  const endedMicros = startedMicros + Math.round(durationMs * microsecondsPerMs);
  return { startTimeUnixNano: `${startedMicros}000`, endTimeUnixNano: `${endedMicros}000` };
}

/** Attributes without those that are undefined. */
export function toAttributes(
  values: Readonly<Record<string, string | number | boolean | undefined>>,
): Attribute[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: toValue(value) }]
  );
}

function toValue(value: string | number | boolean): AttributeValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
