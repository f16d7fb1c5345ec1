import { describe, expect, test } from "bun:test";
import {
  isSampled,
  readTraceParent,
  toRequestSpanId,
  toSpanId,
  toTraceHeaders,
  validTraceParent,
} from "../../runtime/protocol/trace_context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${spanId}-01`;

describe("readTraceParent()", () => {
  test("reads what is valid", () => {
    expect(readTraceParent({ traceparent, tracestate: "rojo=1, congo=t61rcWkgMzE" })).toEqual({
      ...{ traceId, spanId, flags: "01" },
      traceState: "rojo=1, congo=t61rcWkgMzE",
    });
    expect(validTraceParent({ traceparent })).toBe(traceparent);
  });

  test("reads later versions as far as it knows them", () => {
    expect(readTraceParent({ traceparent: `cc${traceparent.slice(2)}-more` })?.spanId).toBe(spanId);
  });

  test.each([
    "",
    "00",
    `${traceparent}-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-0x`,
    `cc${traceparent.slice(2)}more`,
    `${traceparent}, ${traceparent}`,
    ` ${traceparent}`,
  ])("ignores %p", (traceparent) => {
    expect(readTraceParent({ traceparent })).toBeUndefined();
    expect(validTraceParent({ traceparent })).toBeUndefined();
  });

  test.each([
    "novalue",
    "A=1",
    "a=1\u00e9",
    "a=b=c",
    Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(),
    `a=${"x".repeat(2_000)}`,
  ])("leaves out a tracestate that is not valid: %p", (tracestate) => {
    expect(readTraceParent({ traceparent, tracestate })?.traceState).toBe("");
  });

  test("takes a multi-tenant key and empty members", () => {
    for (const tracestate of ["tenant@vendor=1", "a=1,,b=2", "a=1 , b=2"]) {
      expect(readTraceParent({ traceparent, tracestate })?.traceState).toBe(tracestate);
    }
  });
});

describe("isSampled()", () => {
  test.each([["00", false], ["01", true], ["03", true], ["02", false]])("of %p", (flags, is) => {
    const parent = readTraceParent({ traceparent: `00-${traceId}-${spanId}-${flags}` });
    expect(parent && isSampled(parent)).toBe(is);
  });
});

describe("span IDs", () => {
  const [half, zeros] = ["0123456789abcdef", "0".repeat(16)];

  test("are halves of trace IDs, and never all zero", () => {
    expect([toSpanId(half + zeros), toSpanId(zeros + half)]).toEqual([half, half]);
    expect([toRequestSpanId(half + zeros), toRequestSpanId(zeros + half)]).toEqual([half, half]);
    expect([toSpanId(traceId), toRequestSpanId(traceId)]).toEqual([
      traceId.slice(0, 16),
      traceId.slice(16),
    ]);
  });
});

describe("toTraceHeaders()", () => {
  test("drops the state of a parent that is not valid", () => {
    const headers = { traceparent: "no", tracestate: "a=1" };
    const call = { headers, traceId: "1".repeat(32), firstTraceId: traceId };
    expect(toTraceHeaders(call)).toEqual({
      traceparent: `00-${traceId}-${"1".repeat(16)}-01`,
      tracestate: "",
    });
  });
});
