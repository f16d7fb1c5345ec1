import type { Call } from "../protocol/call.ts";
import { toTraceHeaders } from "../protocol/trace_context.ts";

type Fetch = (...values: unknown[]) => unknown;

/** Task code may replace the global ones. */
const { apply } = Reflect;
const { Headers, Request } = globalThis;

/**
 * Has the `fetch` of tasks pass on the trace of the invocation that calls it. A task's own
 * `traceparent` wins.
 */
export function traceFetch(currentCall: () => Call | undefined): void {
  const original = globalThis.fetch;
  const traced: Fetch = function (this: unknown, ...values: unknown[]) {
    const call = currentCall();
    return apply(original, this, call ? withTrace(values, call) : values);
  };
  // Its name and length, and whatever else the runtime has there.
  Object.defineProperties(traced, Object.getOwnPropertyDescriptors(original));
  Reflect.set(globalThis, "fetch", traced);
}

function withTrace(values: readonly unknown[], call: Call): readonly unknown[] {
  const [input, init, ...rest] = values;
  const headers = readHeaders(input, init);
  if (!headers || headers.has("traceparent")) return values;
  const { traceparent, tracestate } = toTraceHeaders(call);
  headers.set("traceparent", traceparent);
  if (tracestate !== "" && !headers.has("tracestate")) headers.set("tracestate", tracestate);
  // Whatever else is in it keeps its place, inherited members included.
  const traced = Object.create(isObject(init) ? init : null, {
    headers: { value: headers, enumerable: true },
  });
  return [input, traced, ...rest];
}

/** The headers a call of `fetch` would send; undefined when it is about to be refused. */
function readHeaders(input: unknown, init: unknown): Headers | undefined {
  const given = isObject(init) ? Reflect.get(init, "headers") : undefined;
  const own = input instanceof Request ? input.headers : undefined;
  try {
    return new Headers(given ?? own);
  } catch {
    // `fetch` itself says best what is wrong with them.
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
