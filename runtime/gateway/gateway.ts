import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { AddressSet } from "../config/address_set.ts";
import type { Answer } from "../invocation/answer.ts";
import type { Supervisor } from "../invocation/supervisor.ts";
import type { HttpHandler, Platform, RequestInfo } from "../platform/platform.ts";
import type { Recorder } from "../protocol/records.ts";
import { AnsweredRequest } from "./answered_request.ts";
import type { BodyMemory } from "./body_memory.ts";
import { captureRequest } from "./capture.ts";
import { type Admitted, check } from "./checks.ts";
import { type Arrival, Exchange, type ExchangeOwner, type ListenerState } from "./exchange.ts";
import type { HostTable } from "./hosts.ts";
import { type DirectAddress, readPublicAddress } from "./public_address.ts";
import { type Outgoing, type ReplyContext, toDefectOutgoing, toOutgoing } from "./reply.ts";

/** What the gateway is made of. */
export interface GatewayOptions {
  readonly platform: Pick<Platform, "headerFields">;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly recorder: Recorder;
  readonly supervisor: Supervisor;
  /** What all request bodies together may take. */
  readonly bodies: BodyMemory;
  /** The table as it stands now: deployments come and go. */
  hosts(): HostTable;
  readonly scheme: "http" | "https";
  readonly trustedProxies: AddressSet | undefined;
  /** Values of variables, which are not stored of any request. */
  readonly secrets: readonly string[];
  /** Show errors to clients, for development. */
  readonly showErrors: boolean;
}

/** What went wrong in the gateway itself, and the invocation whose answer it cost. */
interface LoggedDefect {
  readonly error: unknown;
  readonly traceId?: string | undefined;
}

/**
 * Turns HTTP requests into calls and what comes of them into responses. There is no router: which
 * task a path names depends on the host, and both are looked up in one table each.
 */
export class Gateway implements ExchangeOwner {
  readonly #options: GatewayOptions;
  readonly #direct: DirectAddress;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { scheme, trustedProxies } = options;
    this.#direct = { scheme, trustedProxies };
  }

  /** Makes the handler of one listener. */
  handlerFor(listener: ListenerState): HttpHandler {
    return (request, info) =>
      new Promise((resolve) =>
        this.#receive({ request, info, listener, replayOf: undefined, resolve })
      );
  }

  /** Takes a request that repeats an earlier one, as if a client had sent it. */
  replay(
    request: Request,
    { info, replayOf }: { readonly info: RequestInfo; readonly replayOf: string },
  ): Promise<Response> {
    const listener = { isDraining: false };
    return new Promise((resolve) => this.#receive({ request, info, listener, replayOf, resolve }));
  }

  /** Goes on with a request that the supervisor is through with. */
  answered(exchange: Exchange, answer: Answer): void {
    try {
      this.#finish(exchange, toOutgoing(answer, exchange));
    } catch (error) {
      const traceId = "traceId" in answer ? answer.traceId : undefined;
      this.#fail(exchange, { error, traceId });
    }
  }

  #receive(arrival: Arrival): void {
    const exchange = this.#tryOpen(arrival);
    if (exchange) this.#handle(exchange);
  }

  #tryOpen(arrival: Arrival): Exchange | undefined {
    try {
      return this.#open(arrival);
    } catch (error) {
      const { ids, showErrors } = this.#options;
      const { method } = arrival.request;
      const context = { requestId: ids.requestId(), method, replyHeaders: undefined, showErrors };
      arrival.resolve(this.#toDefect(context, { error }).response);
      return undefined;
    }
  }

  #open(arrival: Arrival): Exchange {
    const { platform, clock, ids, showErrors } = this.#options;
    const headers = platform.headerFields(arrival.request.headers);
    const address = readPublicAddress(headers, arrival.info, this.#direct);
    return new Exchange({
      owner: this,
      arrival,
      headers,
      address,
      requestId: address.requestId ?? ids.requestId(),
      startedAt: clock.wallMs(),
      startedMs: clock.monotonicMs(),
      showErrors,
    });
  }

  /** No `async` here: a short request would pay more for it than for its checks. */
  #handle(exchange: Exchange): void {
    try {
      const checked = check(exchange, this.#options);
      if (checked instanceof Promise) void this.#handleLater(exchange, checked);
      else this.#proceed(exchange, checked);
    } catch (error) {
      this.#fail(exchange, { error });
    }
  }

  /** Its release may be replaced while it is looked into, and is still to run it. */
  async #handleLater(exchange: Exchange, checked: Promise<Outgoing | Admitted>): Promise<void> {
    const pool = exchange.target?.release.pool;
    pool?.hold();
    try {
      this.#proceed(exchange, await checked);
    } catch (error) {
      this.#fail(exchange, { error });
    } finally {
      pool?.release();
    }
  }

  #proceed(exchange: Exchange, checked: Outgoing | Admitted): void {
    if ("response" in checked) return this.#finish(exchange, checked);
    const { target, body } = checked;
    exchange.requestBytes = body?.length ?? 0;
    const { method, headers, requestId, publicUrl: url } = exchange;
    const { ids, secrets, supervisor } = this.#options;
    const { capture } = target.task.settings;
    if (capture) {
      const source = { headers, query: exchange.path.query, body };
      exchange.captured = captureRequest(source, capture, secrets);
    }
    const firstTraceId = exchange.firstTraceId = ids.traceId();
    const call = { requestId, firstTraceId, task: target.task.name, method, url, headers, body };
    supervisor.run(target, call, exchange);
  }

  #fail(exchange: Exchange, defect: LoggedDefect): void {
    this.#finish(exchange, this.#toDefect(exchange, defect));
  }

  /** A defect of ours: the client learns nothing of it. */
  #toDefect(context: ReplyContext, { error, traceId }: LoggedDefect): Outgoing {
    const message = messageOf(error);
    const stack = error instanceof Error ? error.stack : undefined;
    const { requestId } = context;
    this.#options.log.error("gateway.failed", { requestId, traceId, reason: message, stack });
    return toDefectOutgoing({ traceId, message, stack }, context);
  }

  /** The client comes first: a record that cannot be made must not cost it its answer. */
  #finish(exchange: Exchange, outgoing: Outgoing): void {
    const { clock, recorder } = this.#options;
    exchange.respond(outgoing.response);
    try {
      exchange.durationMs = clock.monotonicMs() - exchange.startedMs;
      recorder.requestEnded(new AnsweredRequest(exchange, outgoing));
    } catch (error) {
      const { requestId } = exchange;
      this.#options.log.error("record.failed", { requestId, reason: messageOf(error) });
    }
  }
}
