import type { Call, HeaderFields } from "./call.ts";
import { badMessage, parseJson } from "./fields.ts";
import type { Frame, FrameWriter } from "./frames.ts";
import { type AbortReason, frameKinds as kinds, type GatewayMessage } from "./messages.ts";

/** Puts a message for the worker into the next batch. */
export function writeGatewayMessage(writer: FrameWriter, message: GatewayMessage): void {
  switch (message.kind) {
    case "call":
      return writer.write(kinds.call, message.id, toCallContent(message.call));
    case "abort":
      return writer.write(kinds.abort, message.id, { head: message.reason });
    case "sentAt":
    case "synced":
      return writer.write(kinds[message.kind], message.nowMs, nothing);
    case "go":
    case "drop":
    case "ping":
      return writer.write(kinds[message.kind], 0, nothing);
    case "describe": {
      const { tasks, isCareful } = message;
      return writer.write(kinds.describe, isCareful ? 1 : 0, { head: tasks.join("\n") });
    }
    case "preload":
      return writer.write(kinds.preload, 0, { head: message.task });
  }
}

const nothing = { head: "" };

/**
 * Reads a frame from the gateway, which a worker trusts.
 * @throws {RuntimeError} `bad_message` for a kind it does not know.
 */
export function parseGatewayMessage(frame: Frame): GatewayMessage {
  const { kind, id, head, body } = frame;
  switch (kind) {
    case kinds.call:
      return { kind: "call", id, call: new ReceivedCall(head, body) };
    case kinds.abort:
      return { kind: "abort", id, reason: toAbortReason(head) };
    case kinds.sentAt:
      return { kind: "sentAt", nowMs: id };
    case kinds.synced:
      return { kind: "synced", nowMs: id };
    case kinds.go:
      return { kind: "go" };
    case kinds.drop:
      return { kind: "drop" };
    case kinds.ping:
      return { kind: "ping" };
    case kinds.describe:
      return { kind: "describe", tasks: head === "" ? [] : head.split("\n"), isCareful: id === 1 };
    case kinds.preload:
      return { kind: "preload", task: head };
    default:
      throw badMessage(`kind ${kind}`);
  }
}

/*
 * The head of a call is lines, not JSON: one is written and read for every request. No line can hold
 * a newline: identifiers and names are checked where they come from, URLs have none. The order is
 * that of use, so that a worker reads no further than it has to.
 */

function toCallContent(call: Call) {
  const {
    requestId,
    traceId,
    firstTraceId,
    attempt,
    task,
    method,
    url,
    headers,
    deadlineMs,
    body,
  } = call;
  // A body that is there but empty differs from none: the head says which it is.
  const hasBody = body === undefined ? "" : "body";
  const start = `${task}\n${method}\n${hasBody}\n`;
  const first = firstTraceId === traceId ? "" : firstTraceId;
  const rest = `${url}\n${requestId}\n${traceId}\n${first}\n${attempt}\n${deadlineMs}\n`;
  return { head: start + rest + JSON.stringify(headers), body: body ?? "" };
}

/** A call as it came: most tasks look at little of it, and only that is taken apart. */
class ReceivedCall implements Call {
  readonly task: string;
  readonly method: string;
  readonly body: Uint8Array | undefined;
  readonly #rest: string;
  #fields: Omit<Call, "task" | "method" | "body"> | undefined;

  constructor(head: string, body: Uint8Array) {
    const taskEnd = head.indexOf("\n");
    const methodEnd = head.indexOf("\n", taskEnd + 1);
    const hasBodyEnd = head.indexOf("\n", methodEnd + 1);
    this.task = head.slice(0, taskEnd);
    this.method = head.slice(taskEnd + 1, methodEnd);
    this.body = hasBodyEnd === methodEnd + 1 ? undefined : body;
    this.#rest = head.slice(hasBodyEnd + 1);
  }

  get url(): string {
    return this.#read().url;
  }

  get headers(): HeaderFields {
    return this.#read().headers;
  }

  get requestId(): string {
    return this.#read().requestId;
  }

  get traceId(): string {
    return this.#read().traceId;
  }

  get firstTraceId(): string {
    return this.#read().firstTraceId;
  }

  get attempt(): number {
    return this.#read().attempt;
  }

  get deadlineMs(): number {
    return this.#read().deadlineMs;
  }

  #read() {
    return this.#fields ??= toFields(this.#rest);
  }
}

function toFields(lines: string) {
  const [url = "", requestId = "", traceId = "", first, attempt, deadlineMs, headers = "{}"] = lines
    .split("\n");
  return {
    url,
    requestId,
    traceId,
    firstTraceId: first || traceId,
    attempt: Number(attempt),
    deadlineMs: Number(deadlineMs),
    headers: toHeaders(parseJson(headers)),
  };
}

function toHeaders(value: unknown): HeaderFields {
  if (isHeaders(value)) return value;
  throw badMessage("call.headers");
}

/** The gateway made them of texts: values are not looked at again. */
function isHeaders(value: unknown): value is HeaderFields {
  return typeof value === "object" && value !== null;
}

function toAbortReason(text: string): AbortReason {
  if (text === "ClientGone" || text === "Overdue" || text === "Draining") return text;
  throw badMessage(`abort reason "${text}"`);
}
