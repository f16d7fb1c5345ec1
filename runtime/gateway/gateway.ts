import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { AddressSet } from "../config/address_set.ts";
import type { Answer } from "../invocation/request_run.ts";
import type { Supervisor } from "../invocation/supervisor.ts";
import type { HttpHandler, Platform, RequestInfo } from "../platform/platform.ts";
import type { Recorder } from "../protocol/records.ts";
import { type Admitted, check } from "./checks.ts";
import { Exchange } from "./exchange.ts";
import type { HostTable } from "./hosts.ts";
import { type DirectAddress, readPublicAddress } from "./public_address.ts";
import { type Outgoing, toFailedOutgoing, toOutgoing } from "./reply.ts";

/** What the gateway is made of. */
export interface GatewayOptions {
  readonly platform: Pick<Platform, "headerFields">;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly recorder: Recorder;
  readonly supervisor: Supervisor;
  /** The table as it stands now: deployments come and go. */
  hosts(): HostTable;
  readonly scheme: "http" | "https";
  readonly trustedProxies: AddressSet | undefined;
  /** Show errors to clients, for development. */
  readonly showErrors: boolean;
}

/** What a handler knows of the listener a request came through. */
export interface ListenerState {
  /** It is about to stop: every answer asks its client to close the connection. */
  readonly isDraining: boolean;
}

/**
 * Turns HTTP requests into calls and what comes of them into responses. There is no router: which
 * task a path names depends on the host, and both are looked up in one table each.
 */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #direct: DirectAddress;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { scheme, trustedProxies } = options;
    this.#direct = { scheme, trustedProxies };
  }

  /** Makes the handler of one listener. */
  handlerFor(listener: ListenerState): HttpHandler {
    return (request, info) => this.#handle(this.#open(request, info), listener);
  }

  #open(request: Request, info: RequestInfo): Exchange {
    const { platform, clock, ids, showErrors } = this.#options;
    const headers = platform.headerFields(request.headers);
    const address = readPublicAddress(headers, info, this.#direct);
    return new Exchange({
      request,
      info,
      headers,
      address,
      requestId: address.requestId ?? ids.requestId(),
      startedAt: clock.wallMs(),
      startedMs: clock.monotonicMs(),
      showErrors,
    });
  }

  async #handle(exchange: Exchange, listener: ListenerState): Promise<Response> {
    let outgoing: Outgoing;
    try {
      const checked = check(exchange, this.#options);
      const admitted = checked instanceof Promise ? await checked : checked;
      outgoing = "response" in admitted
        ? admitted
        : toOutgoing(exchange.answer = await this.#run(exchange, admitted), exchange);
    } catch (error) {
      outgoing = this.#broken(exchange, error);
    }
    const { response } = outgoing;
    exchange.info.answering();
    if (listener.isDraining) response.headers.set("connection", "close");
    this.#record(exchange, outgoing);
    return response;
  }

  #run(exchange: Exchange, { target, body }: Admitted): Promise<Answer> {
    const { method, headers, requestId, publicUrl: url } = exchange;
    const call = { requestId, task: target.task.name, method, url, headers, body };
    return this.#options.supervisor.run(target, call, exchange).answer;
  }

  /** A defect of ours, or a worker that forged its reply: the client learns nothing of it. */
  #broken(exchange: Exchange, error: unknown): Outgoing {
    const { requestId, answer } = exchange;
    const traceId = answer && "traceId" in answer ? answer.traceId : undefined;
    const reason = messageOf(error);
    const stack = error instanceof Error ? error.stack : undefined;
    this.#options.log.error("gateway.failed", { requestId, traceId, reason, stack });
    const failure = { message: reason, stack, publicMessage: undefined };
    return toFailedOutgoing({ code: "response_illegal", ...failure }, traceId, exchange);
  }

  #record(exchange: Exchange, { status, answer, reason, traceId }: Outgoing): void {
    const { requestId, method, path, startedAt, startedMs, target } = exchange;
    this.#options.recorder.requestEnded({
      requestId,
      traceId,
      deployment: target?.deployment.hostname,
      release: target?.release.id,
      task: target?.task.name,
      method,
      path: path.path,
      status,
      answer,
      reason,
      startedAt,
      durationMs: this.#options.clock.monotonicMs() - startedMs,
    });
  }
}
