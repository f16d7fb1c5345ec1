import type { Target } from "../invocation/release.ts";
import type { Answer, SupervisedRequest, WaitingClient } from "../invocation/answer.ts";
import type { RequestInfo } from "../platform/platform.ts";
import type { HeaderFields } from "../protocol/call.ts";
import type { CapturedRequest } from "../protocol/records.ts";
import type { BodyMemory, HeldBody } from "./body_memory.ts";
import { corsHeaders } from "./cors.ts";
import { readPath, type RequestPath } from "./path.ts";
import type { PublicAddress } from "./public_address.ts";
import type { ReplyContext } from "./reply.ts";

/** Who sees a request through. */
export interface ExchangeOwner {
  /** The supervisor has found what to tell the client. */
  answered(exchange: Exchange, answer: Answer): void;
}

/** What a handler knows of the listener a request came through. */
export interface ListenerState {
  /** It is about to stop: every answer asks its client to close the connection. */
  readonly isDraining: boolean;
}

/** A request as it came from the runtime, and where its response goes. */
export interface Arrival {
  readonly request: Request;
  readonly info: RequestInfo;
  readonly listener: ListenerState;
  /** The request it repeats. */
  readonly replayOf: string | undefined;
  readonly resolve: (response: Response) => void;
}

/** What is known of a request before it is looked into. */
export interface ExchangeStart {
  readonly owner: ExchangeOwner;
  readonly arrival: Arrival;
  readonly headers: HeaderFields;
  readonly address: PublicAddress;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** On the monotonic clock. */
  readonly startedMs: number;
  /** `dev`: errors are shown to the client. */
  readonly showErrors: boolean;
}

/** One request on its way through the gateway, and what has been found out about it so far. */
export class Exchange implements ReplyContext, WaitingClient {
  readonly request: Request;
  readonly info: RequestInfo;
  readonly headers: HeaderFields;
  readonly address: PublicAddress;
  readonly requestId: string;
  readonly startedAt: number;
  readonly startedMs: number;
  readonly showErrors: boolean;
  readonly method: string;
  readonly path: RequestPath;
  /** Where it goes, once host and path are known to lead somewhere. */
  target: Target | undefined;
  /** The trace ID of its first invocation, once it is let in. */
  firstTraceId: string | undefined;
  waitedMs = 0;
  /** Until it was answered. */
  durationMs = 0;
  /** What of it is to be stored. */
  captured: CapturedRequest | undefined;
  /** Of its body, once that has been read. */
  requestBytes = 0;
  #held: HeldBody | undefined;
  readonly #owner: ExchangeOwner;
  readonly #arrival: Arrival;

  constructor(start: ExchangeStart) {
    this.#owner = start.owner;
    this.#arrival = start.arrival;
    this.request = start.arrival.request;
    this.info = start.arrival.info;
    this.headers = start.headers;
    this.address = start.address;
    this.requestId = start.requestId;
    this.startedAt = start.startedAt;
    this.startedMs = start.startedMs;
    this.showErrors = start.showErrors;
    this.method = start.arrival.request.method;
    this.path = readPath(start.arrival.request.url);
    this.target = undefined;
    this.captured = undefined;
    this.firstTraceId = undefined;
    this.#held = undefined;
  }

  /** The request it repeats. */
  get replayOf(): string | undefined {
    return this.#arrival.replayOf;
  }

  /** As the client sees it, whatever proxies are between. */
  get publicUrl(): string {
    const { address: { scheme, host }, path: { path, query } } = this;
    return `${scheme}://${host}${path}${query}`;
  }

  /** Headers for every answer of its task. */
  get replyHeaders(): Record<string, string> | undefined {
    const cors = this.target?.task.settings.cors;
    return cors && corsHeaders(cors, this.headers);
  }

  /** Opens its account in the memory for bodies; it ends with the answer. */
  hold(bodies: BodyMemory): HeldBody {
    return this.#held = bodies.open();
  }

  /** Gives the response to the client. */
  respond(response: Response): void {
    this.#held?.release();
    this.info.answering();
    if (this.#arrival.listener.isDraining) response.headers.set("connection", "close");
    this.#arrival.resolve(response);
  }

  onAnswer(answer: Answer): void {
    this.#owner.answered(this, answer);
  }

  /** Its client may have to wait longer than an idle connection lives, or may leave. */
  onLinger(run: SupervisedRequest): void {
    this.info.waiting();
    const { signal } = this.request;
    if (signal.aborted) run.clientGone();
    // An abort after the answer finds the run settled.
    else signal.addEventListener("abort", () => run.clientGone(), { once: true });
  }
}
