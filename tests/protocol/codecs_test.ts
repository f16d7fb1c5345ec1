import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseBootMessage } from "../../runtime/protocol/boot.ts";
import {
  type Call,
  type Failure,
  failureCodes,
  handlerMethods,
  type Reply,
  type TaskShape,
} from "../../runtime/protocol/call.ts";
import type { RunFigures } from "../../runtime/protocol/figures.ts";
import { parseGatewayMessage, writeGatewayMessage } from "../../runtime/protocol/gateway_codec.ts";
import {
  type BootMessage,
  frameKinds,
  type GatewayMessage,
  type OutputLine,
  type WorkerMessage,
} from "../../runtime/protocol/messages.ts";
import { parseWorkerMessage, writeWorkerMessage } from "../../runtime/protocol/worker_codec.ts";
import { callOf } from "../task/support.ts";
import { frameOf, isRefused, plainCall, rawFrame } from "./support.ts";

const text = fc.string({ unit: "binary" });
/** What a header, a URL or a name may hold: never a line break. */
const line = text.map((value) => value.replaceAll(/[\r\n]/g, ""));
const id = fc.nat(2 ** 32 - 1);
const bytes = fc.oneof(text.map((body) => new TextEncoder().encode(body)), fc.uint8Array());
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const calls: fc.Arbitrary<Call> = fc.record({
  requestId: line,
  traceId: line,
  firstTraceId: line.filter((firstTraceId) => firstTraceId !== ""),
  attempt: fc.integer({ min: 1, max: 10 }),
  task: line,
  method: fc.constantFrom(...handlerMethods, "PROPFIND"),
  url: line,
  headers: fc.dictionary(line, line, { noNullPrototype: true }),
  deadlineMs: fc.double({ min: 0, max: 8.64e15, noNaN: true }).map((ms) => ms || 0),
  body: optional(bytes),
});

const failures: fc.Arbitrary<Failure> = fc.record({
  code: fc.constantFrom(...failureCodes),
  message: text,
  stack: optional(text),
  publicMessage: optional(text),
});
/** What HTTP can carry; the rest never gets past the gateway's side. */
const headerValue = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]*$/);
const headerName = fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,20}$/).map((name) => `x-${name}`);
const replies: fc.Arbitrary<Reply> = fc.record({
  status: fc.integer({ min: 200, max: 599 }).filter((code) => ![204, 205, 304].includes(code)),
  contentType: fc.constantFrom("application/json", "text/html", "text/plain; charset=utf-8"),
  headers: optional(fc.array(fc.tuple(headerName, headerValue), { minLength: 1 })),
  body: fc.oneof(text, bytes),
});
/** Whole microseconds: no more of a time travels. */
const times = optional(fc.nat().map((microseconds) => microseconds / 1000));
const figures: fc.Arbitrary<RunFigures> = fc.record({
  authenticateMs: times,
  handlerMs: times,
  cpuMs: times,
  peakRssBytes: optional(fc.nat(10 ** 15 - 1)),
});
const shapes: fc.Arbitrary<TaskShape> = fc.oneof(
  fc.record({
    kind: fc.constant("loaded" as const),
    methods: fc.subarray([...handlerMethods]),
    hasAuthenticate: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("broken" as const), failure: failures }),
);

const gatewayMessages: fc.Arbitrary<GatewayMessage> = fc.oneof(
  fc.record({ kind: fc.constant("call" as const), id, call: calls }),
  fc.record({
    kind: fc.constant("abort" as const),
    id,
    reason: fc.constantFrom("ClientGone" as const, "Overdue" as const, "Draining" as const),
  }),
  fc.record({ kind: fc.constantFrom("sentAt" as const, "synced" as const), nowMs: id }),
  fc.record({ kind: fc.constantFrom("go" as const, "drop" as const, "ping" as const) }),
  fc.record({
    kind: fc.constant("describe" as const),
    tasks: fc.array(line.filter((task) => task !== "")),
    isCareful: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("preload" as const), task: line }),
);
const outputLines: fc.Arbitrary<OutputLine> = fc.record({
  level: fc.constantFrom("debug", "info", "warn", "error"),
  text,
});
const workerMessages: fc.Arbitrary<WorkerMessage> = fc.oneof(
  fc.record({ kind: fc.constant("hello" as const), token: text }),
  fc.record({ kind: fc.constantFrom("sync" as const, "pong" as const, "described" as const) }),
  fc.record({ kind: fc.constant("ask" as const), id }),
  fc.record({
    kind: fc.constant("returned" as const),
    ids: fc.array(fc.integer({ min: 1, max: 2 ** 32 - 1 }), { minLength: 1 }),
  }),
  fc.record({ kind: fc.constant("loading" as const), task: text }),
  fc.record({ kind: fc.constant("loaded" as const), task: text, shape: shapes }),
  fc.record({ kind: fc.constant("replied" as const), id, reply: replies, figures }),
  fc.record({ kind: fc.constant("failed" as const), id, failure: failures, figures }),
  fc.record({ kind: fc.constant("output" as const), id, line: outputLines }),
  fc.record({
    kind: fc.constant("late_output" as const),
    of: fc.record({
      traceId: fc.stringMatching(/^[0-9a-f]{32}$/),
      requestId: text,
      task: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/),
    }),
    line: outputLines,
  }),
);

/** Bodies travel as bytes, whatever they were made of. */
function withBytes<M extends GatewayMessage | WorkerMessage>(message: M): M {
  if (message.kind !== "replied") return message;
  const body = Uint8Array.from(Buffer.from(message.reply.body));
  return { ...message, reply: { ...message.reply, body } };
}

/** Plain arrays in place of Buffers, which equal no `Uint8Array`. */
function toPlain(message: GatewayMessage | WorkerMessage): GatewayMessage | WorkerMessage {
  if (message.kind !== "call") return withBytes(message);
  const { body, ...call } = plainCall(message.call);
  return { ...message, call: { ...call, body: body && Uint8Array.from(body) } };
}

describe("the gateway's messages", () => {
  test("are read as they were written", () => {
    fc.assert(fc.property(gatewayMessages, (message) => {
      const read = parseGatewayMessage(frameOf((writer) => writeGatewayMessage(writer, message)));
      expect(toPlain(read)).toEqual(message);
    }));
  });

  test("tell an empty body from none", () => {
    for (const body of [undefined, new Uint8Array()]) {
      const frame = frameOf((writer) =>
        writeGatewayMessage(writer, { kind: "call", id: 1, call: callOf(body ? { body } : {}) })
      );
      const message = parseGatewayMessage(frame);
      expect(message.kind === "call" && message.call.body?.length).toBe(body?.length);
    }
  });

  test.each([
    ["of an unknown kind", { kind: 99 }],
    ["of a worker's kind", { kind: frameKinds.hello, head: "token" }],
    ["that aborts for no known reason", { kind: frameKinds.abort, head: "Bored" }],
  ])("%s are refused", (_what, frame) => {
    expect(isRefused(() => parseGatewayMessage(rawFrame(frame)))).toBe(true);
  });

  test("with headers that are no JSON are refused once somebody reads them", () => {
    const head = "hello\nGET\n\nhttp://a/hello\nr\nt\n\n1\n1\n{";
    const message = parseGatewayMessage(rawFrame({ kind: frameKinds.call, head }));
    expect(isRefused(() => message.kind === "call" && message.call.headers)).toBe(true);
  });
});

describe("a worker's messages", () => {
  test("are read as they were written", () => {
    fc.assert(fc.property(workerMessages, (message) => {
      const read = parseWorkerMessage(frameOf((writer) => writeWorkerMessage(writer, message)));
      expect(toPlain(read)).toEqual(withBytes(message));
    }));
  });

  test("keep repeated headers, and their order", () => {
    const headers = [["set-cookie", "a=1"], ["x-b", "2"], ["set-cookie", "c=3"]] as const;
    const reply: Reply = { status: 200, contentType: undefined, headers, body: "" };
    const frame = frameOf((writer) =>
      writeWorkerMessage(writer, { kind: "replied", id: 1, reply })
    );
    const message = parseWorkerMessage(frame);
    expect(message.kind === "replied" && message.reply.headers).toEqual([...headers]);
  });

  /** Those whose content can be anything are left out: nothing of it can be wrong. */
  const { hello: _, loading: __, ...checked } = frameKinds;
  const hostileValues = {
    "an object that cannot be printed": '{"toString":1,"valueOf":1}',
    "a deep list": "[".repeat(20_000) + "]".repeat(20_000),
    "null": "null",
    "a number": "5",
    "a list": "[]",
    "an object": "{}",
    "no JSON": "{",
    "nothing": "",
  };
  const malformed = Object.entries(hostileValues).flatMap(([what, json]) =>
    [
      [`a reply with headers: ${what}`, frameKinds.replied, `\n200\n\n{"a":${json}}`],
      [`a reply with a pair: ${what}`, frameKinds.replied, `\n200\n\n[["a",${json}]]`],
      [`a failure: ${what}`, frameKinds.failed, `\n${json}`],
      [`a failure's code: ${what}`, frameKinds.failed, `\n{"code":${json},"message":""}`],
      [`a failure's text: ${what}`, frameKinds.failed, `\n{"code":"crashed","message":${json}}`],
      [`a call given back: ${what}`, frameKinds.returned, `1,-${json}`],
      [`an output: ${what}`, frameKinds.output, json],
      [`an output's level: ${what}`, frameKinds.output, `{"level":${json},"text":""}`],
      [`an output's text: ${what}`, frameKinds.output, `{"level":"info","text":${json}}`],
      [
        `an output's invocation: ${what}`,
        frameKinds.output,
        `{"level":"info","text":"","of":${json}}`,
      ],
    ] as const
  );

  test.each(malformed)("are refused: %s", (_what, kind, head) => {
    expect(isRefused(() => parseWorkerMessage(rawFrame({ kind, head })))).toBe(true);
  });

  const malformedShapes = Object.entries(hostileValues).flatMap(([what, json]) =>
    [
      [`itself ${what}`, json],
      [`its kind ${what}`, `{"kind":${json},"methods":[]}`],
      [`a method ${what}`, `{"kind":"loaded","methods":[${json},1]}`],
      [`its failure ${what}`, `{"kind":"broken","failure":${json}}`],
    ] as const
  );

  test.each(malformedShapes)("are refused: a task's shape, %s", (_what, body) => {
    const frame = rawFrame({ kind: frameKinds.loaded, head: "hello", body });
    expect(isRefused(() => parseWorkerMessage(frame))).toBe(true);
  });

  test("are refused: an output whose ids could pass for something else in the log", () => {
    const ids = { traceId: callOf().traceId, requestId: "r", task: "hello" };
    const refuses = (of: object) => {
      const head = JSON.stringify({ level: "info", text: "", of });
      return isRefused(() => parseWorkerMessage(rawFrame({ kind: frameKinds.output, head })));
    };
    expect(refuses(ids)).toBe(false);
    expect(refuses({ ...ids, traceId: `${ids.traceId}\nwebtaskd` })).toBe(true);
    expect(refuses({ ...ids, task: "hello\nwebtaskd" })).toBe(true);
  });

  test.each(["", "199", "600", "200.5", "-200", "NaN", "text", "Infinity"])(
    "are refused: a reply with status %p",
    (status) => {
      const frame = rawFrame({ kind: frameKinds.replied, head: `\n${status}\n` });
      expect(isRefused(() => parseWorkerMessage(frame))).toBe(true);
    },
  );

  test.each([
    "-1,2",
    "1.5",
    "1",
    "1,2,3",
    "1,2,3,4,5",
    "1,x",
    "NaN",
    "Infinity",
    "1,2,3,1e300",
    "9".repeat(400),
  ])(
    "are refused: figures %p",
    (text) => {
      for (
        const [kind, rest] of [[frameKinds.replied, "200\n"], [frameKinds.failed, "{}"]] as const
      ) {
        const frame = rawFrame({ kind, head: `${text}\n${rest}` });
        expect(isRefused(() => parseWorkerMessage(frame))).toBe(true);
      }
    },
  );

  test("are refused: an ending without figures", () => {
    for (const kind of [frameKinds.replied, frameKinds.failed]) {
      expect(isRefused(() => parseWorkerMessage(rawFrame({ kind, head: "{}" })))).toBe(true);
    }
  });

  test("are refused: an unknown kind, and one of the gateway's", () => {
    for (const kind of [0, 99, 255, frameKinds.call, frameKinds.preload]) {
      expect(isRefused(() => parseWorkerMessage(rawFrame({ kind })))).toBe(true);
    }
  });

  test("are read or refused, whatever they hold", () => {
    const kind = fc.oneof(fc.constantFrom(...Object.values(checked)), fc.nat(255));
    const head = fc.oneof(text, fc.json(), fc.json().map((json) => `1,2\n200\n\n${json}`));
    fc.assert(fc.property(fc.record({ kind, id, head, body: text }), (frame) => {
      isRefused(() => parseWorkerMessage(rawFrame(frame)));
    }));
  });
});

describe("parseBootMessage()", () => {
  const boot: BootMessage = {
    gatewayPid: 4711,
    socket: "/run/webtaskd/gateway.sock",
    token: "token",
    dir: "/data/release",
    sourceDir: "/srv/äpp",
    tasks: { hello: "hello.ts", report: "report/index.js" },
    markFile: "/run/webtaskd/1.mark",
    processConcurrency: 16,
    deployment: { hostname: "acme", environment: "testing", app: "acme-app" },
  };

  test("reads what was written", () => {
    expect(parseBootMessage(JSON.stringify(boot))).toEqual(boot);
  });

  test.each([
    ["nothing", ""],
    ["no object", "5"],
    ["a missing field", JSON.stringify({ ...boot, token: undefined })],
    ["no gateway", JSON.stringify({ ...boot, gatewayPid: "4711" })],
    ["a process without a number", JSON.stringify({ ...boot, gatewayPid: 0 })],
    ["no mark file", JSON.stringify({ ...boot, markFile: undefined })],
    ["no places", JSON.stringify({ ...boot, processConcurrency: 0 })],
    ["a task without a file", JSON.stringify({ ...boot, tasks: { hello: 1 } })],
    ["no deployment", JSON.stringify({ ...boot, deployment: null })],
  ])("refuses %s", (_what, json) => {
    expect(isRefused(() => parseBootMessage(json))).toBe(true);
  });
});
