import { STATUS_CODES } from "node:http";
import { countOf } from "../base/count_of.ts";
import { Unreachable } from "../base/errors.ts";
import type { Failure, Refusal, Reply } from "../protocol/call.ts";
import type { Answer } from "../invocation/answer.ts";
import type { RequestAnswer } from "../protocol/records.ts";

type Fields = Record<string, string>;

/** A request the gateway turns down itself, before any task code runs. */
export interface Rejection {
  readonly status: 400 | 404 | 405 | 408 | 413 | 415 | 503;
  readonly reason: string;
  readonly headers?: Fields;
}

/** An answer on its way out, with what the record of the request says of it. */
export interface Outgoing {
  readonly status: number;
  readonly answer: RequestAnswer;
  readonly reason: string | undefined;
  readonly traceId: string | undefined;
  readonly response: Response;
  /** Of the body; undefined where it is one of the gateway's own. */
  readonly responseBytes?: number | undefined;
}

/** Something that webtaskd did wrong, as its log tells it. */
export interface Defect {
  /** Of the invocation whose answer is lost, when there is one. */
  readonly traceId: string | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

/** What every answer of a request carries, and how much errors may tell. */
export interface ReplyContext {
  readonly requestId: string;
  readonly method: string;
  /** Headers for every answer of the task, as those of CORS. */
  readonly replyHeaders: Fields | undefined;
  /** `dev`: errors are shown to the client. */
  readonly showErrors: boolean;
}

/** Makes the response to a request that was turned down. */
export function toRejection(rejection: Rejection, context: ReplyContext): Outgoing {
  const { status, reason, headers } = rejection;
  const response = errorResponse({ status, headers }, context);
  return { status, answer: "refused", reason, traceId: undefined, response };
}

/** Makes the response to what the supervisor found: the one table from outcome to status. */
export function toOutgoing(answer: Answer, context: ReplyContext): Outgoing {
  switch (answer.kind) {
    case "replied":
      return replied(answer.reply, answer.traceId, context);
    case "failed":
      return failedOutgoing(answer.failure, answer.traceId, context);
    case "timed-out": {
      const { traceId } = answer;
      const response = errorResponse({ status: 504, traceId }, context);
      const reason = "no invocation answered in time";
      return { status: 504, answer: "timed-out", reason, traceId, response };
    }
    case "refused":
      return toRejection(toRefusal(answer.refusal), context);
    case "client-left": {
      const response = new Response(undefined, { status: 499 });
      const reason = "the client left";
      return { status: 499, answer: "client-left", reason, traceId: answer.traceId, response };
    }
    default:
      throw new Unreachable(answer);
  }
}

/** Makes a response without a body of the gateway's own, as to OPTIONS: all its headers are given. */
export function toEmptyOutgoing(headers: Fields, context: ReplyContext): Outgoing {
  const response = new Response(undefined, {
    status: 204,
    headers: { ...headers, "x-request-id": context.requestId },
  });
  return { status: 204, answer: "delivered", reason: undefined, traceId: undefined, response };
}

/** Makes the response to a defect of webtaskd itself: no task is to blame. */
export function toDefectOutgoing(defect: Defect, context: ReplyContext): Outgoing {
  const { traceId, message: reason, stack } = defect;
  const shown = { code: "gateway_failed", message: reason, stack };
  const response = errorResponse({ status: 500, traceId, shown }, context);
  return { status: 500, answer: "delivered", reason, traceId, response };
}

function failedOutgoing(failure: Failure, traceId: string, context: ReplyContext): Outgoing {
  const status = failure.code === "invalid_json" ? 400 : 500;
  const { publicMessage: message } = failure;
  const response = errorResponse({ status, traceId, message, shown: failure }, context);
  return { status, answer: "delivered", reason: failure.message, traceId, response };
}

function replied(reply: Reply, traceId: string, context: ReplyContext): Outgoing {
  const { status, body } = reply;
  const response = new Response(toBody(body), {
    status,
    headers: toHeaders(reply, traceId, context),
  });
  const responseBytes = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  return { status, answer: "delivered", reason: undefined, traceId, response, responseBytes };
}

/** No bytes are no body: the runtimes then add no type of their own. */
function toBody(body: Reply["body"]): BodyInit | undefined {
  if (typeof body === "string") return body === "" ? undefined : body;
  return body.length === 0 ? undefined : isUnshared(body) ? body : body.slice();
}

/** The compiler's notion of bytes that a response may be made of: all that come off a socket. */
function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

function toHeaders(reply: Reply, traceId: string, context: ReplyContext): Fields | Headers {
  const { requestId, replyHeaders } = context;
  const fields: Fields = { "x-request-id": requestId, "x-trace-id": traceId };
  if (reply.contentType !== undefined) fields["content-type"] = reply.contentType;
  if (!reply.headers && !replyHeaders) return fields;
  const headers = new Headers(fields);
  for (const [name, value] of reply.headers ?? []) {
    if (name === "set-cookie") headers.append(name, value);
    // To any other method, a length without the body would take the next answer for it.
    else if (name !== "content-length" || context.method === "HEAD") headers.set(name, value);
  }
  for (const [name, value] of Object.entries(replyHeaders ?? {})) {
    if (name === "vary") headers.append(name, value);
    else headers.set(name, value);
  }
  return headers;
}

function toRefusal(refusal: Refusal): Rejection {
  switch (refusal.kind) {
    case "queue-full":
      return unavailable(
        `the queue is full: its limit is ${countOf(refusal.limit, "request")}`,
        1_000,
      );
    case "unavailable":
      return unavailable(refusal.failure.message, refusal.retryAfterMs);
    case "stopping":
      return unavailable("the server stops", 1_000);
    default:
      throw new Unreachable(refusal);
  }
}

/** Turns a request down for now. */
export function unavailable(reason: string, retryAfterMs: number): Rejection {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return { status: 503, reason, headers: { "retry-after": String(seconds) } };
}

interface ErrorContent {
  readonly status: number;
  readonly headers?: Fields | undefined;
  readonly traceId?: string | undefined;
  /** In place of the status's own phrase. */
  readonly message?: string | undefined;
  /** The error, for `dev`. */
  readonly shown?: ShownError | undefined;
}

interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** JSON with the phrase of the status and the ids: nothing of the error itself. */
function errorResponse(content: ErrorContent, context: ReplyContext): Response {
  const { status, headers, traceId } = content;
  const { requestId, replyHeaders, showErrors } = context;
  const message = content.message ?? STATUS_CODES[status] ?? "Error";
  const shown = showErrors && content.shown ? { error: toShown(content.shown) } : {};
  return new Response(JSON.stringify({ message, requestId, traceId, ...shown }), {
    status,
    headers: {
      ...replyHeaders,
      ...headers,
      "content-type": "application/json",
      "x-request-id": requestId,
      ...(traceId === undefined ? {} : { "x-trace-id": traceId }),
    },
  });
}

function toShown({ code, message, stack }: ShownError) {
  return { code, message, stack: stack?.split("\n") };
}
