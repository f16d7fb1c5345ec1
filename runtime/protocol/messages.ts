import { RuntimeError } from "../base/errors.ts";
import type { Call, Failure, HandlerMethod, Reply, TaskShape } from "./call.ts";
import { handlerMethods } from "./call.ts";
import type { Frame, FrameWriter } from "./frames.ts";

/** Why an invocation's signal aborts: SPEC'd names that `signal.reason.name` shows to the task. */
export type AbortReason = "ClientGone" | "Overdue" | "Draining";

/** How loud a line of task output is. */
export type OutputLevel = "debug" | "info" | "warn" | "error";

/** One line a task printed, or something webtaskd says about its run. */
export interface OutputLine {
  readonly level: OutputLevel;
  readonly text: string;
}

/** What a worker is told on its standard input before it connects. */
export interface BootMessage {
  /** The gateway's Unix socket. */
  readonly socket: string;
  /** Proves to the gateway which process connects; good for one connection. */
  readonly token: string;
  /** The folder of the release. */
  readonly dir: string;
  /** The author's folder it was made from, which stacks name instead of `dir`. */
  readonly sourceDir: string;
  /** Web tasks and their files, relative to `dir`. */
  readonly tasks: Readonly<Record<string, string>>;
  readonly deployment: DeploymentFacts;
}

/** What a task can know of where it runs. */
export interface DeploymentFacts {
  readonly hostname: string;
  readonly environment: string;
  readonly app: string;
}

/**
 * Reads what the gateway wrote to a worker's standard input.
 * @throws {RuntimeError} `bad_message` when it is not that.
 */
export function parseBootMessage(text: string): BootMessage {
  const { socket, token, dir, sourceDir, tasks, deployment } = asRecord(parseJson(text), "boot");
  const { hostname, environment, app } = asRecord(deployment, "boot.deployment");
  return {
    socket: asText(socket, "boot.socket"),
    token: asText(token, "boot.token"),
    dir: asText(dir, "boot.dir"),
    sourceDir: asText(sourceDir, "boot.sourceDir"),
    tasks: Object.fromEntries(
      Object.entries(asRecord(tasks, "boot.tasks")).map(([name, file]) => [name, asText(file, name)]),
    ),
    deployment: {
      hostname: asText(hostname, "boot.deployment.hostname"),
      environment: asText(environment, "boot.deployment.environment"),
      app: asText(app, "boot.deployment.app"),
    },
  };
}

/** From gateway to worker; `id` is the invocation's number on this connection. */
export type GatewayMessage =
  | { readonly kind: "call"; readonly id: number; readonly call: Call }
  | { readonly kind: "abort"; readonly id: number; readonly reason: AbortReason }
  | { readonly kind: "describe" };

/** From worker to gateway. */
export type WorkerMessage =
  | { readonly kind: "hello"; readonly token: string }
  | { readonly kind: "loading"; readonly task: string }
  | { readonly kind: "shapes"; readonly shapes: ReadonlyMap<string, TaskShape> }
  | { readonly kind: "replied"; readonly id: number; readonly reply: Reply }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure }
  | { readonly kind: "output"; readonly id: number; readonly line: OutputLine };

const kinds = {
  call: 1,
  abort: 2,
  describe: 3,
  hello: 16,
  loading: 17,
  shapes: 18,
  replied: 19,
  failed: 20,
  output: 21,
} as const;

/** Puts a message for the worker into the next batch. */
export function writeGatewayMessage(writer: FrameWriter, message: GatewayMessage): void {
  switch (message.kind) {
    case "call":
      return writer.write(kinds.call, message.id, toCallContent(message.call));
    case "abort":
      return writer.write(kinds.abort, message.id, { head: message.reason });
    case "describe":
      return writer.write(kinds.describe, 0, { head: "" });
  }
}

/** Puts a message for the gateway into the next batch. */
export function writeWorkerMessage(writer: FrameWriter, message: WorkerMessage): void {
  switch (message.kind) {
    case "hello":
      return writer.write(kinds.hello, 0, { head: message.token });
    case "loading":
      return writer.write(kinds.loading, 0, { head: message.task });
    case "shapes":
      return writer.write(kinds.shapes, 0, { head: JSON.stringify([...message.shapes]) });
    case "replied": {
      const { status, contentType, headers, body } = message.reply;
      const head = JSON.stringify({ status, contentType, headers });
      return writer.write(kinds.replied, message.id, { head, body });
    }
    case "failed":
      return writer.write(kinds.failed, message.id, { head: JSON.stringify(message.failure) });
    case "output":
      return writer.write(kinds.output, message.id, { head: JSON.stringify(message.line) });
  }
}

/** The head of a call in a fixed order: this is written and read once for every request. */
type CallHead = readonly [
  requestId: string,
  traceId: string,
  attempt: number,
  task: string,
  method: string,
  url: string,
  headers: Call["headers"],
  deadlineMs: number,
  hasBody: boolean,
];

function toCallContent(call: Call) {
  const { requestId, traceId, attempt, task, method, url, headers, deadlineMs, body } = call;
  // A body that is there but empty differs from none: the head says which it is.
  const hasBody = body !== undefined;
  const fields: CallHead = [
    requestId,
    traceId,
    attempt,
    task,
    method,
    url,
    headers,
    deadlineMs,
    hasBody,
  ];
  return { head: JSON.stringify(fields), body: body ?? "" };
}

function toCall(fields: CallHead, body: Uint8Array): Call {
  const [requestId, traceId, attempt, task, method, url, headers, deadlineMs, hasBody] = fields;
  return {
    requestId,
    traceId,
    attempt,
    task,
    method,
    url,
    headers,
    deadlineMs,
    body: hasBody ? body : undefined,
  };
}

/**
 * Reads a frame from the gateway, which a worker trusts.
 * @throws {RuntimeError} `bad_message` for a kind it does not know.
 */
export function parseGatewayMessage(frame: Frame): GatewayMessage {
  const { kind, id, head, body } = frame;
  switch (kind) {
    case kinds.call:
      return { kind: "call", id, call: toCall(JSON.parse(head), body) };
    case kinds.abort:
      return { kind: "abort", id, reason: toAbortReason(head) };
    case kinds.describe:
      return { kind: "describe" };
    default:
      throw badMessage(`kind ${kind}`);
  }
}

/**
 * Reads a frame from a worker. Task code shares that process, so every field is checked.
 * @throws {RuntimeError} `bad_message` with the offending field.
 */
export function parseWorkerMessage(frame: Frame): WorkerMessage {
  const { kind, id, head, body } = frame;
  switch (kind) {
    case kinds.hello:
      return { kind: "hello", token: head };
    case kinds.loading:
      return { kind: "loading", task: head };
    case kinds.shapes:
      return { kind: "shapes", shapes: parseShapes(parseJson(head)) };
    case kinds.replied:
      return { kind: "replied", id, reply: parseReply(parseJson(head), body) };
    case kinds.failed:
      return { kind: "failed", id, failure: parseFailure(parseJson(head)) };
    case kinds.output:
      return { kind: "output", id, line: parseOutputLine(parseJson(head)) };
    default:
      throw badMessage(`kind ${kind}`);
  }
}

function toAbortReason(text: string): AbortReason {
  if (text === "ClientGone" || text === "Overdue" || text === "Draining") return text;
  throw badMessage(`abort reason "${text}"`);
}

function parseReply(value: unknown, body: Uint8Array): Reply {
  const { status, contentType, headers } = asRecord(value, "reply");
  if (typeof status !== "number" || !Number.isInteger(status) || status < 200 || status > 599) {
    throw badMessage(`reply.status ${String(status)}`);
  }
  if (contentType !== undefined && typeof contentType !== "string") {
    throw badMessage("reply.contentType");
  }
  return { status, contentType, headers: headers === undefined ? undefined : asPairs(headers), body };
}

function asPairs(value: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(value) && value.every(isPair)) return value;
  throw badMessage("reply.headers");
}

function isPair(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((v) => typeof v === "string");
}

const failureCodes: ReadonlySet<string> = new Set<Failure["code"]>([
  "load_failed",
  "authenticate_missing",
  "authenticate_failed",
  "authenticate_illegal",
  "handler_missing",
  "handler_failed",
  "invalid_json",
  "response_illegal",
  "timer_failed",
  "crashed",
  "start_failed",
]);

function isFailureCode(value: unknown): value is Failure["code"] {
  return typeof value === "string" && failureCodes.has(value);
}

function parseFailure(value: unknown): Failure {
  const { code, message, stack, publicMessage } = asRecord(value, "failure");
  if (!isFailureCode(code)) throw badMessage(`failure.code ${String(code)}`);
  return {
    code,
    message: asText(message, "failure.message"),
    stack: stack === undefined ? undefined : asText(stack, "failure.stack"),
    publicMessage: publicMessage === undefined
      ? undefined
      : asText(publicMessage, "failure.publicMessage"),
  };
}

function parseOutputLine(value: unknown): OutputLine {
  const { level, text } = asRecord(value, "output");
  if (level !== "debug" && level !== "info" && level !== "warn" && level !== "error") {
    throw badMessage(`output.level ${String(level)}`);
  }
  return { level, text: asText(text, "output.text") };
}

function parseShapes(value: unknown): ReadonlyMap<string, TaskShape> {
  if (!Array.isArray(value)) throw badMessage("shapes");
  return new Map(value.map((entry: unknown) => {
    if (!Array.isArray(entry)) throw badMessage("shapes[]");
    return [asText(entry[0], "shapes[].task"), parseShape(entry[1])];
  }));
}

function parseShape(value: unknown): TaskShape {
  const { kind, methods, hasAuthenticate, failure } = asRecord(value, "shape");
  if (kind === "broken") return { kind, failure: parseFailure(failure) };
  if (kind !== "loaded" || !Array.isArray(methods)) throw badMessage("shape.methods");
  return { kind, methods: methods.map(asHandlerMethod), hasAuthenticate: hasAuthenticate === true };
}

function asHandlerMethod(value: unknown): HandlerMethod {
  const method = handlerMethods.find((known) => known === value);
  if (method) return method;
  throw badMessage(`shape.methods ${String(value)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RuntimeError("bad_message", "Cannot read a message: its head is not JSON", { cause });
  }
}

function asRecord(value: unknown, name: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw badMessage(name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function asText(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw badMessage(name);
}

function badMessage(what: string): RuntimeError {
  return new RuntimeError("bad_message", `Cannot read a message: unexpected ${what}`);
}
