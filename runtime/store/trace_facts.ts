import { asRecord } from "../protocol/fields.ts";
import type {
  CapturedRequest,
  InvocationRecord,
  RequestAnswer,
  RequestRecord,
} from "../protocol/records.ts";
import { LineBuffer } from "./line_buffer.ts";

/** Of most facts, without a stack. */
const shortTextBytes = 1024;

/** What is stored of a request beside its ID and its names. */
export interface RequestFacts extends
  Pick<
    RequestRecord,
    | "startedAt"
    | "client"
    | "requestBytes"
    | "responseBytes"
    | "replayOf"
    | "captured"
    | "traceId"
    | "reason"
  > {
  /** These are undefined while it is open. */
  readonly durationMs: number | undefined;
  readonly status: number | undefined;
  readonly answer: RequestAnswer | undefined;
}

/** What is stored of an invocation beside what is searched for. */
export type InvocationFacts = Omit<
  InvocationRecord,
  | "traceId"
  | "firstTraceId"
  | "previousTraceId"
  | "traceparent"
  | "requestId"
  | "deployment"
  | "release"
  | "task"
  | "method"
  | "state"
  | "durationMs"
>;

/** Writes the facts of a request as JSON; rare ones come last and are left out where they can. */
export function toRequestFacts(request: RequestRecord): string {
  const { startedAt, durationMs, status, answer, requestBytes, responseBytes, client } = request;
  const { traceId, reason, replayOf, captured } = request;
  return JSON.stringify([
    ...[startedAt, toUs(durationMs), status, answers.indexOf(answer), requestBytes ?? null],
    ...[responseBytes ?? null, client ?? null, traceId ?? null, reason ?? null, replayOf ?? null],
    captured ?? null,
  ]);
}

/** Whether a request has nothing rare to it. */
export function isPlainRequest({ reason, replayOf, captured, client }: RequestRecord): boolean {
  return reason === undefined && replayOf === undefined && captured === undefined && isSafe(client);
}

/** Writes the facts of an invocation as JSON, those of its request among them where they are known. */
export function toInvocationFacts(facts: InvocationFacts, request = "null"): string {
  const { code, reason, stack } = facts;
  const text = new LineBuffer(shortTextBytes);
  text.add(`[${request}`);
  writeRunFacts(text, facts);
  const rare = [code ?? null, reason ?? null, stack ?? null];
  const isRare = rare.some((value) => value !== null);
  text.add(isRare ? `,${JSON.stringify(rare).slice(1)}` : "]");
  return text.toString();
}

/**
 * Writes the facts of a plain request and of the invocation that has answered it. They are written for
 * nearly every request: without any text that would have to be made first.
 */
export function writePlainFacts(
  to: LineBuffer,
  { invocation, request }: {
    readonly invocation: InvocationFacts;
    readonly request: RequestRecord;
  },
): void {
  const { startedAt, durationMs, status, answer, requestBytes, responseBytes, client } = request;
  to.mark("[[");
  to.number(startedAt);
  to.next(toUs(durationMs));
  to.next(status);
  to.next(answers.indexOf(answer));
  to.next(requestBytes ?? null);
  to.next(responseBytes ?? null);
  if (client === undefined) {
    to.mark(",null]");
  } else {
    to.mark(',"');
    to.add(client);
    to.mark('"]');
  }
  writeRunFacts(to, invocation);
  to.mark("]");
}

function writeRunFacts(to: LineBuffer, facts: InvocationFacts): void {
  const { startedAt, attempt, pid, status, delivered } = facts;
  const { queuedMs, authenticateMs, handlerMs, cpuMs, peakRssBytes } = facts;
  to.next(startedAt);
  to.next(attempt);
  to.next(pid);
  to.next(status ?? null);
  to.next(delivered ? 1 : 0);
  to.next(toUs(queuedMs));
  to.next(toUs(authenticateMs));
  to.next(toUs(handlerMs));
  to.next(toUs(cpuMs));
  to.next(peakRssBytes ?? null);
}

/** Reads the facts of a request. */
export function readRequestFacts(value: unknown): RequestFacts | undefined {
  if (!Array.isArray(value)) return undefined;
  const [startedAt, durationUs, status, answer, requestBytes, responseBytes, ...rest] = value;
  const [client, traceId, reason, replayOf, captured] = rest;
  return {
    startedAt: Number(startedAt),
    durationMs: toMs(durationUs),
    status: numberOf(status),
    answer: answers[Number(answer ?? -1)],
    requestBytes: numberOf(requestBytes),
    responseBytes: numberOf(responseBytes),
    client: textOf(client),
    traceId: textOf(traceId),
    reason: textOf(reason),
    replayOf: textOf(replayOf),
    captured: readCaptured(captured),
  };
}

function readCaptured(value: unknown): CapturedRequest | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { headers, query, contentType, body, redacted } = asRecord(value, "captured");
  return {
    headers: asList(headers).map((pair) => {
      const [name, value] = asList(pair);
      return [String(name), String(value)] as const;
    }),
    query: String(query),
    contentType: textOf(contentType),
    body: textOf(body),
    redacted: asList(redacted).map(String),
  };
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Reads the facts of an invocation. */
export function readInvocationFacts(text: string) {
  const value: unknown = JSON.parse(text);
  const fields = Array.isArray(value) ? value : Object.values(asRecord(value, "facts"));
  const [request, startedAt, attempt, pid, status, delivered, queuedUs, ...rest] = fields;
  const [authenticateUs, handlerUs, cpuUs, peakRssBytes, code, reason, stack] = rest;
  return {
    request: readRequestFacts(request),
    startedAt: Number(startedAt),
    attempt: Number(attempt),
    pid: Number(pid),
    status: numberOf(status),
    delivered: delivered === 1,
    queuedMs: toMs(queuedUs),
    authenticateMs: toMs(authenticateUs),
    handlerMs: toMs(handlerUs),
    cpuMs: toMs(cpuUs),
    peakRssBytes: numberOf(peakRssBytes),
    code: textOf(code),
    reason: textOf(reason),
    stack: textOf(stack),
  };
}

/** Whole microseconds of milliseconds; `null` of what is not known. */
export function toUs(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1_000);
}

/** Milliseconds of stored microseconds. */
export function toMs(us: unknown): number | undefined {
  return typeof us === "number" ? us / 1_000 : undefined;
}

const answers: readonly RequestAnswer[] = ["delivered", "timed-out", "client-left", "refused"];

/** Whether text stands in JSON as it is; addresses do. */
function isSafe(client: string | undefined): boolean {
  return client === undefined || /^[\w.:%]+$/.test(client);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
