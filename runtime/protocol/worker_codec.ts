import { idPattern } from "../base/ids.ts";
import { taskNamePattern } from "../base/task_name.ts";
import {
  type CallIds,
  type Failure,
  type FailureCode,
  failureCodes,
  type HandlerMethod,
  handlerMethods,
  type Reply,
  type TaskShape,
} from "./call.ts";
import { asCount, asRecord, asText, badMessage, parseJson, showField } from "./fields.ts";
import { noFigures, parseFigures, toFiguresText } from "./figures.ts";
import type { Frame, FrameWriter } from "./frames.ts";
import { frameKinds as kinds, type OutputLine, type WorkerMessage } from "./messages.ts";
import { replyFault } from "./reply_fault.ts";

/** Task code may replace the global one. */
const { stringify } = JSON;
/** Of the numbers of calls given back at once: a worker is not sent many more than it runs. */
const maxReturnedChars = 16 * 1024;

/** Puts a message for the gateway into the next batch. */
export function writeWorkerMessage(writer: FrameWriter, message: WorkerMessage): void {
  switch (message.kind) {
    case "hello":
      return writer.write(kinds.hello, 0, { head: message.token });
    case "sync":
    case "pong":
    case "described":
      return writer.write(kinds[message.kind], 0, { head: "" });
    case "ask":
      return writer.write(kinds.ask, message.id, { head: "" });
    case "returned":
      return writer.write(kinds.returned, 0, { head: message.ids.join(",") });
    case "loading":
      return writer.write(kinds.loading, 0, { head: message.task });
    case "loaded": {
      const { task, shape } = message;
      return writer.write(kinds.loaded, 0, { head: task, body: stringify(shape) });
    }
    case "replied": {
      const { id, reply, figures } = message;
      const head = `${toFiguresText(figures ?? noFigures)}\n${toReplyHead(reply)}`;
      return writer.write(kinds.replied, id, { head, body: reply.body });
    }
    case "failed": {
      const { id, failure, figures } = message;
      const head = `${toFiguresText(figures ?? noFigures)}\n${stringify(failure)}`;
      return writer.write(kinds.failed, id, { head });
    }
    case "output":
      return writer.write(kinds.output, message.id, { head: stringify(message.line) });
    case "late_output":
      return writer.write(kinds.output, 0, {
        head: stringify({ ...message.line, of: message.of }),
      });
  }
}

/**
 * Reads a frame from a worker. Task code shares that process, so every field is checked.
 * @throws {RuntimeError} `bad_message` with the offending field.
 */
export function parseWorkerMessage(frame: Frame): WorkerMessage {
  const { kind, id, head } = frame;
  switch (kind) {
    case kinds.hello:
      return { kind: "hello", token: head };
    case kinds.loading:
      return { kind: "loading", task: head };
    case kinds.sync:
      return { kind: "sync" };
    case kinds.pong:
      return { kind: "pong" };
    case kinds.ask:
      return { kind: "ask", id };
    case kinds.returned:
      return { kind: "returned", ids: parseReturned(head) };
    case kinds.loaded:
      return { kind: "loaded", task: head, shape: parseShape(parseJson(toText(frame.body))) };
    case kinds.described:
      return { kind: "described" };
    case kinds.replied:
      return parseReplied(frame);
    case kinds.failed:
      return parseFailed(frame);
    case kinds.output:
      return parseOutput(id, parseJson(head));
    default:
      throw badMessage(`kind ${kind}`);
  }
}

/*
 * The head of a reply is lines, not JSON: one is written and read for every request. No line can hold
 * a newline: media types have none. Nearly all replies have one of a few heads, which are made once.
 */

function toReplyHead({ status, contentType = "", headers }: Reply): string {
  if (status === 200 && contentType === jsonType && headers === undefined) return jsonHead;
  const head = `${status}\n${contentType}`;
  return headers === undefined ? head : `${head}\n${stringify(headers)}`;
}

const jsonType = "application/json";
const jsonHead = `200\n${jsonType}`;

/** A reply that may not leave is the failure of its invocation; its neighbours go on. */
function parseReplied({ id, head, body }: Frame): WorkerMessage {
  const end = figuresEnd(head);
  const figures = parseFigures(head, end);
  // Compared where it is: to cut it out would cost more than all the rest.
  if (head.length === end + 1 + jsonHead.length && head.endsWith(jsonHead)) {
    const reply = { status: 200, contentType: jsonType, headers: undefined, body };
    return { kind: "replied", id, reply, figures };
  }
  const reply = parseReply(head.slice(end + 1), body);
  const fault = replyFault(reply);
  if (fault === undefined) return { kind: "replied", id, reply, figures };
  const message = `Cannot send the reply of a worker: it has ${fault}`;
  const failure = { message, stack: undefined, publicMessage: undefined };
  return { kind: "failed", id, failure: { code: "response_illegal", ...failure }, figures };
}

function parseFailed({ id, head }: Frame): WorkerMessage {
  const end = figuresEnd(head);
  const figures = parseFigures(head, end);
  return { kind: "failed", id, failure: parseFailure(parseJson(head.slice(end + 1))), figures };
}

/** The first line of how an invocation ended holds its figures. */
function figuresEnd(head: string): number {
  const end = head.indexOf("\n");
  if (end >= 0) return end;
  throw badMessage("figures: there are none");
}

function parseReply(head: string, body: Uint8Array): Reply {
  const [statusText, contentType, headers] = head.split("\n", 3);
  const status = Number(statusText);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw badMessage(`reply.status "${statusText}"`);
  }
  return {
    status,
    contentType: contentType || undefined,
    headers: headers === undefined ? undefined : asPairs(parseJson(headers)),
    body,
  };
}

function asPairs(value: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(value) && value.every(isPair)) return value;
  throw badMessage("reply.headers");
}

function isPair(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((v) => typeof v === "string");
}

function isFailureCode(value: unknown): value is FailureCode {
  return failureCodes.some((code) => code === value);
}

function parseFailure(value: unknown): Failure {
  const { code, message, stack, publicMessage } = asRecord(value, "failure");
  if (!isFailureCode(code)) throw badMessage(`failure.code ${showField(code)}`);
  return {
    code,
    message: asText(message, "failure.message"),
    stack: stack === undefined ? undefined : asText(stack, "failure.stack"),
    publicMessage: publicMessage === undefined
      ? undefined
      : asText(publicMessage, "failure.publicMessage"),
  };
}

function parseOutput(id: number, value: unknown): WorkerMessage {
  const line = parseOutputLine(value);
  const { of } = asRecord(value, "output");
  return of === undefined
    ? { kind: "output", id, line }
    : { kind: "late_output", of: parseCallIds(of), line };
}

/** They are printed as they are: only what can be in them is let through. */
function parseCallIds(value: unknown): CallIds {
  const { traceId, requestId, task } = asRecord(value, "output.of");
  return {
    traceId: asMatch(traceId, idPattern, "output.of.traceId"),
    requestId: asText(requestId, "output.of.requestId"),
    task: asMatch(task, taskNamePattern, "output.of.task"),
  };
}

function asMatch(value: unknown, pattern: RegExp, name: string): string {
  const text = asText(value, name);
  if (pattern.test(text)) return text;
  throw badMessage(`${name} ${showField(value)}`);
}

function parseOutputLine(value: unknown): OutputLine {
  const { level, text, omittedLines } = asRecord(value, "output");
  if (level !== "debug" && level !== "info" && level !== "warn" && level !== "error") {
    throw badMessage(`output.level ${showField(level)}`);
  }
  const line: OutputLine = { level, text: asText(text, "output.text") };
  return typeof omittedLines === "number" ? { ...line, omittedLines } : line;
}

function parseReturned(head: string): readonly number[] {
  if (head.length > maxReturnedChars) throw badMessage(`returned.ids: ${head.length} characters`);
  return head.split(",").map((text) => asCount(Number(text), "returned.ids"));
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
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
  throw badMessage(`shape.methods ${showField(value)}`);
}
