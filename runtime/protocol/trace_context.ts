import type { Call, HeaderFields } from "./call.ts";

/*
 * W3C Trace Context: https://www.w3.org/TR/trace-context/. Each invocation has a trace ID of its own,
 * by which people look it up. To others, all invocations of a request belong to one trace: the
 * client's, or that of the first invocation.
 */

/** A valid `traceparent`: where in which trace its sender was. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  /** Two hex digits. */
  readonly flags: string;
  /** The vendors' own data of the same trace; empty when there is none. */
  readonly traceState: string;
}

const parentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const noTraceId = "0".repeat(32);
const noSpanId = "0".repeat(16);
const spanDigits = noSpanId.length;
const sampledFlag = 1;
/** Of a trace that begins here: it is recorded. */
const ownFlags = "01";
/** More than the 512 that everybody has to pass on; beyond it, all of it is left out. */
const maxTraceStateChars = 1024;
const statePattern =
  /^(?:[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}|)(?:[ \t]*,[ \t]*(?:[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}|)){0,31}$/;

/** Reads what a request says of the trace it belongs to; undefined when that is nothing valid. */
export function readTraceParent(headers: HeaderFields): TraceParent | undefined {
  const { traceparent } = headers;
  const match = traceparent === undefined ? undefined : parentPattern.exec(traceparent);
  if (!match) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = "", rest] = match;
  // Later versions may say more; of this one, nothing may follow.
  const isKnown = version !== "ff" && (version !== "00" || rest === undefined);
  if (!isKnown || traceId === noTraceId || spanId === noSpanId) return undefined;
  return { traceId, spanId, flags, traceState: readTraceState(headers) };
}

/** The `traceparent` of a request, where it is valid. */
export function validTraceParent(headers: HeaderFields): string | undefined {
  return readTraceParent(headers) && headers["traceparent"];
}

function readTraceState({ tracestate = "" }: HeaderFields): string {
  const isValid = tracestate.length <= maxTraceStateChars && statePattern.test(tracestate);
  return isValid ? tracestate : "";
}

/** Whether the sender of a `traceparent` records its trace. */
export function isSampled({ flags }: TraceParent): boolean {
  return (Number.parseInt(flags, 16) & sampledFlag) !== 0;
}

/** The ID of an invocation's span: half of its trace ID, so that nobody has to be told. */
export function toSpanId(traceId: string): string {
  const spanId = traceId.slice(0, spanDigits);
  return spanId === noSpanId ? traceId.slice(spanDigits) : spanId;
}

/** The ID of a request's span: the other half of the trace ID of its first invocation. */
export function toRequestSpanId(firstTraceId: string): string {
  const spanId = firstTraceId.slice(spanDigits);
  return spanId === noSpanId ? firstTraceId.slice(0, spanDigits) : spanId;
}

/** The headers that a request made by an invocation carries. */
export function toTraceHeaders(call: Pick<Call, "headers" | "traceId" | "firstTraceId">) {
  const parent = readTraceParent(call.headers);
  const trace = parent ?? { traceId: call.firstTraceId, flags: ownFlags, traceState: "" };
  const spanId = toSpanId(call.traceId);
  return {
    traceparent: `00-${trace.traceId}-${spanId}-${trace.flags}`,
    tracestate: trace.traceState,
  };
}
