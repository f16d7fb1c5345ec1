import type { RunFigures } from "./figures.ts";

/**
 * Header names in lower case with their values. A name that came several times has its values
 * joined by `, ` (RFC 9110 §5.3).
 */
export type HeaderFields = Readonly<Record<string, string>>;

/**
 * A web request as plain data: what the gateway read of it and a worker needs to run the task.
 * It survives `JSON.stringify`, except for `body`, which travels as raw bytes.
 */
export interface Call {
  readonly requestId: string;
  /** The W3C trace ID of this invocation: 32 lower-case hex digits. */
  readonly traceId: string;
  /** The trace ID of the request's first invocation, which is this one's where it is the first. */
  readonly firstTraceId: string;
  /** The number of this invocation of the request, from 1. */
  readonly attempt: number;
  readonly task: string;
  /** Upper case: `GET`, `POST`, … */
  readonly method: string;
  /** The full public URL, scheme and query included. */
  readonly url: string;
  readonly headers: HeaderFields;
  /** End of this invocation's own `timeout`, in milliseconds since 1970. */
  readonly deadlineMs: number;
  /** The bytes of the body, known to be UTF-8; `undefined` when the request has none. */
  readonly body: Uint8Array | undefined;
}

/** What names an invocation to people. */
export type CallIds = Pick<Call, "traceId" | "requestId" | "task">;

/** A web response as plain data. */
export interface Reply {
  readonly status: number;
  /** The value of `Content-Type`; `undefined` for an answer without a body. */
  readonly contentType: string | undefined;
  /** Further headers in order; `set-cookie` may repeat. `undefined` when there are none. */
  readonly headers: readonly (readonly [name: string, value: string])[] | undefined;
  /** Text, or its UTF-8 bytes once it has travelled; empty for no body. */
  readonly body: string | Uint8Array;
}

/** What can keep an invocation from a response of its own. */
export const failureCodes = [
  "load_failed", // the module does not load, or exports nothing that can run
  "authenticate_missing",
  "authenticate_failed", // threw
  "authenticate_illegal", // returned neither access.authorized() nor access.unauthorized()
  "handler_missing",
  "handler_failed", // threw
  "invalid_json", // the handler let InvalidJsonError escape: the client gets 400
  "response_illegal",
  "timer_failed", // a timer or microtask of the invocation threw
  "crashed", // the process died
  "memory", // the process used more than it may
  "max_duration", // the process was ended as the invocation ran for too long
  "start_failed", // no process could be started
] as const;

/** What kept an invocation from a response of its own. */
export type FailureCode = (typeof failureCodes)[number];

/** Why an invocation failed: all of it is for the trace, none of it for the client. */
export interface Failure {
  readonly code: FailureCode;
  /** One sentence for a person. */
  readonly message: string;
  /** The stack of the error and of its causes, with the author's own files and lines. */
  readonly stack: string | undefined;
  /** For `invalid_json`, the part of the message the client may read: what and where in its body. */
  readonly publicMessage: string | undefined;
}

/** How a run of a task ended. */
export type RunResult =
  | { readonly kind: "replied"; readonly reply: Reply }
  | { readonly kind: "failed"; readonly failure: Failure };

/** The methods an author can export a handler for, as HTTP writes them. */
export const handlerMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

/** A method an author can export a handler for. */
export type HandlerMethod = (typeof handlerMethods)[number];

/** What a task's module turned out to export, once a worker has loaded it. */
export type TaskShape =
  | {
    readonly kind: "loaded";
    /** The methods with a handler, in the order of `handlerMethods`. */
    readonly methods: readonly HandlerMethod[];
    readonly hasAuthenticate: boolean;
  }
  | { readonly kind: "broken"; readonly failure: Failure };

/** How a run in a worker ended; there are no figures where none of the author's code has run. */
export type RunEnding = RunResult & { readonly figures?: RunFigures | undefined };

/** How an invocation ended, seen from outside its process. */
export type Ending =
  | RunEnding
  | { readonly kind: "died"; readonly state: DeathState; readonly failure: Failure };

/** A call together with whoever waits for its end; exactly one of its functions is called. */
export interface OwnedCall extends Call {
  /** When it was handed to its process, on the monotonic clock. */
  readonly sentMs: number;
  onEnd(ending: Ending): void;
  /** Its process has not started it, and never will. */
  onReturned(): void;
}

/**
 * What the death of a process means for an invocation in it: `KILLED` for the one it was killed for,
 * `CRASHED` for the others and for a process that ended by itself, `INTERRUPTED` when the gateway
 * stops.
 */
export type DeathState = "CRASHED" | "KILLED" | "INTERRUPTED";

/** Why no process takes a call. */
export type Refusal =
  | { readonly kind: "queue-full"; readonly limit: number }
  | { readonly kind: "unavailable"; readonly failure: Failure; readonly retryAfterMs: number }
  | { readonly kind: "stopping" };
