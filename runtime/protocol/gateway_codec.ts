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
    case "describe":
      return writer.write(kinds.describe, 0, { head: "" });
  }
}

/**
 * Reads a frame from the gateway, which a worker trusts.
 * @throws {RuntimeError} `bad_message` for a kind it does not know.
 */
export function parseGatewayMessage(frame: Frame): GatewayMessage {
  const { kind, id, head, body } = frame;
  switch (kind) {
    case kinds.call:
      return { kind: "call", id, call: toCall(head, body) };
    case kinds.abort:
      return { kind: "abort", id, reason: toAbortReason(head) };
    case kinds.describe:
      return { kind: "describe" };
    default:
      throw badMessage(`kind ${kind}`);
  }
}

/*
 * The head of a call is lines, not JSON: one is written and read for every request. No line can hold a
 * newline: identifiers and names are checked where they come from, URLs and media types have none.
 */

function toCallContent(call: Call) {
  const { requestId, traceId, attempt, task, method, url, headers, deadlineMs, body } = call;
  // A body that is there but empty differs from none: the head says which it is.
  const hasBody = body === undefined ? "" : "body";
  const ids = `${requestId}\n${traceId}\n${attempt}\n${task}\n${method}`;
  const head = `${ids}\n${url}\n${deadlineMs}\n${hasBody}\n${JSON.stringify(headers)}`;
  return { head, body: body ?? "" };
}

function toCall(head: string, body: Uint8Array): Call {
  const [requestId = "", traceId = "", attempt, task = "", method = "", ...rest] = head.split("\n");
  const [url = "", deadlineMs, hasBody, headers = "{}"] = rest;
  return {
    requestId,
    traceId,
    attempt: Number(attempt),
    task,
    method,
    url,
    headers: toHeaders(parseJson(headers)),
    deadlineMs: Number(deadlineMs),
    body: hasBody === "" ? undefined : body,
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
