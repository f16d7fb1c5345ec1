import { asRecord } from "../protocol/fields.ts";
import type {
  CapturedRequest,
  InvocationRecord,
  RequestAnswer,
  RequestRecord,
} from "../protocol/records.ts";

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

/** Writes the facts of a plain request; who has answered it is told elsewhere. */
export function toPlainRequestFacts(request: RequestRecord): string {
  const { startedAt, durationMs, status, answer, requestBytes, responseBytes, client } = request;
  // A template is a third of the price of JSON, and most are plain.
  return `[${startedAt},${toUs(durationMs)},${status},${answers.indexOf(answer)},` +
    `${requestBytes ?? null},${responseBytes ?? null},${client ? `"${client}"` : null}]`;
}

/** Writes the facts of an invocation, those of its request among them where they are known. */
export function toInvocationFacts(facts: InvocationFacts, request = "null"): string {
  const { startedAt, attempt, pid, status, delivered, code, reason, stack } = facts;
  const { queuedMs, authenticateMs, handlerMs, cpuMs, peakRssBytes } = facts;
  const rare = code === undefined && reason === undefined && stack === undefined
    ? ""
    : `,${JSON.stringify([code ?? null, reason ?? null, stack ?? null]).slice(1, -1)}`;
  return `[${request},${startedAt},${attempt},${pid},${status ?? null},${delivered ? 1 : 0},` +
    `${toUs(queuedMs)},${toUs(authenticateMs)},${toUs(handlerMs)},${toUs(cpuMs)},` +
    `${peakRssBytes ?? null}${rare}]`;
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
