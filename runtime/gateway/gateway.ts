import { Hono } from "hono";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { AddressSet } from "../config/address_set.ts";
import type { Recorder } from "../protocol/records.ts";
import type { Target } from "../invocation/request_run.ts";
import type { Supervisor } from "../invocation/supervisor.ts";
import type { HttpHandler, Platform, RequestInfo } from "../platform/platform.ts";
import type { HeaderFields } from "../protocol/call.ts";
import { announcesBody, isTooLongByHeader, readBody } from "./body.ts";
import { ClientWatch } from "./client_watch.ts";
import { corsHeaders, isPreflight, preflightHeaders } from "./cors.ts";
import type { HostTable } from "./hosts.ts";
import { isAcceptedMediaType } from "./media_type.ts";
import { allowedMethods, isAllowed } from "./methods.ts";
import { readPath, type RequestPath } from "./path.ts";
import { type PublicAddress, readPublicAddress } from "./public_address.ts";
import {
  type Outgoing,
  type Rejection,
  type ReplyContext,
  toEmptyOutgoing,
  toOutgoing,
  toRejection,
} from "./reply.ts";

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

interface Bindings {
  readonly info: RequestInfo;
  readonly listener: ListenerState;
}

/** A request, and what has been found out about it by the time it is answered. */
interface Exchange {
  readonly request: Request;
  readonly info: RequestInfo;
  readonly method: string;
  readonly path: RequestPath;
  readonly headers: HeaderFields;
  readonly address: PublicAddress;
  readonly requestId: string;
  readonly startedAt: number;
  readonly startedMs: number;
  target: Target | undefined;
}

/** Turns HTTP requests into calls and what comes of them into responses. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #watch: ClientWatch;
  readonly #app: Hono<{ Bindings: Bindings }>;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#watch = new ClientWatch(options.clock);
    // Every route is one pattern; which task it names depends on the host.
    this.#app = new Hono<{ Bindings: Bindings }>({ getPath: () => "/" })
      .all("/", (c) => this.#handle(c.req.raw, c.env));
  }

  /** Makes the handler of one listener. */
  handlerFor(listener: ListenerState): HttpHandler {
    return (request, info) => this.#app.fetch(request, { info, listener });
  }

  async #handle(request: Request, { info, listener }: Bindings): Promise<Response> {
    const exchange = this.#open(request, info);
    let outgoing: Outgoing;
    try {
      outgoing = await this.#answer(exchange);
    } catch (error) {
      outgoing = this.#broken(exchange, error);
    }
    if (listener.isDraining) outgoing.response.headers.set("connection", "close");
    this.#record(exchange, outgoing);
    return outgoing.response;
  }

  #open(request: Request, info: RequestInfo): Exchange {
    const { platform, clock, ids, scheme, trustedProxies } = this.#options;
    const headers = platform.headerFields(request.headers);
    const address = readPublicAddress(headers, info, { scheme, trustedProxies });
    return {
      request,
      info,
      method: request.method,
      path: readPath(request.url),
      headers,
      address,
      requestId: address.requestId ?? ids.requestId(),
      startedAt: clock.wallMs(),
      startedMs: clock.monotonicMs(),
      target: undefined,
    };
  }

  /** The checks, in the order in which a client learns of them. */
  #answer(exchange: Exchange): Outgoing | Promise<Outgoing> {
    const routed = this.#route(exchange);
    if ("status" in routed) return toRejection(routed, this.#context(exchange));
    exchange.target = routed;
    const isPlain = this.#isKnownMethod(exchange, routed) && !announcesBody(exchange.headers);
    // The usual case goes straight on: every promise it would wait for costs.
    if (isPlain) return this.#supervise(exchange, routed, undefined);
    return this.#answerCarefully(exchange, routed);
  }

  async #answerCarefully(exchange: Exchange, target: Target): Promise<Outgoing> {
    const early = this.#isKnownMethod(exchange, target) ? undefined : await this.#early(exchange);
    if (early) return early;
    const rejected = this.#checkHeaders(exchange, target);
    if (rejected) return toRejection(rejected, this.#context(exchange));
    const read = await this.#readBody(exchange, target);
    if ("status" in read) return toRejection(read, this.#context(exchange));
    return this.#supervise(exchange, target, read.body);
  }

  #route({ address, path }: Exchange): Target | Rejection {
    const match = this.#options.hosts().find(address.host);
    if (match.kind === "malformed") {
      return { status: 400, reason: "the Host header is missing or invalid" };
    }
    if (match.kind === "unknown") return { status: 404, reason: "no deployment has this host" };
    const { deployment } = match;
    const release = deployment.active;
    const task = path.task === undefined ? undefined : release.tasks.get(path.task);
    if (!task) return { status: 404, reason: "the deployment has no such web task" };
    return { deployment, release, task };
  }

  /** The usual case, decided without waiting: the handler is there. */
  #isKnownMethod({ method, headers }: Exchange, { release, task }: Target): boolean {
    if (task.settings.cors && isPreflight(method, headers)) return false;
    const shape = release.pool.shapes?.get(task.name);
    return shape !== undefined && isAllowed(shape, method);
  }

  /** Answers that need no handler: a preflight, OPTIONS, and methods the task does not have. */
  async #early(exchange: Exchange): Promise<Outgoing | undefined> {
    const { method, headers, target } = exchange;
    if (!target) return undefined;
    const { release, task } = target;
    const shapes = release.pool.shapes ?? await release.pool.describe();
    const shape = shapes?.get(task.name);
    const methods = allowedMethods(shape);
    const context = this.#context(exchange);
    if (task.settings.cors && isPreflight(method, headers)) {
      const preflight = preflightHeaders(task.settings.cors, headers, methods);
      return toEmptyOutgoing(preflight, { ...context, headers: undefined });
    }
    // No process can tell, or the module does not load: the invocation will say so.
    if (!shape || shape.kind === "broken" || isAllowed(shape, method)) return undefined;
    const allow = { allow: methods.join(", ") };
    if (method === "OPTIONS") return toEmptyOutgoing(allow, context);
    const reason = `the task has no handler for ${method}`;
    return toRejection({ status: 405, reason, headers: allow }, context);
  }

  #checkHeaders({ headers }: Exchange, { task }: Target): Rejection | undefined {
    if (!announcesBody(headers)) return undefined;
    if (!isAcceptedMediaType(headers["content-type"])) {
      return { status: 415, reason: "the body is not JSON or plain text" };
    }
    const { maxBodyBytes } = task.settings;
    return isTooLongByHeader(headers, maxBodyBytes) ? tooLarge(maxBodyBytes) : undefined;
  }

  async #readBody({ request, headers }: Exchange, { task }: Target) {
    if (!announcesBody(headers)) return { body: undefined };
    const { maxBodyBytes } = task.settings;
    const result = await readBody(request, maxBodyBytes);
    switch (result.kind) {
      case "read":
        return { body: result.body };
      case "too-large":
        return tooLarge(maxBodyBytes);
      case "not-utf8":
        return { status: 400, reason: "the body is not UTF-8" } as const;
      case "aborted":
        return { status: 400, reason: "the client broke off its body" } as const;
    }
  }

  async #supervise(exchange: Exchange, target: Target, body: Uint8Array | undefined) {
    const { request, info, method, headers, address, requestId } = exchange;
    const { path, query } = exchange.path;
    info.waiting();
    const run = this.#options.supervisor.run(target, {
      requestId,
      task: target.task.name,
      method,
      url: `${address.scheme}://${address.host}${path}${query}`,
      headers,
      body,
    });
    const stopWatching = this.#watch.add(request, () => run.clientGone());
    const answer = await run.answer;
    stopWatching();
    return toOutgoing(answer, this.#context(exchange));
  }

  #context({ requestId, target, headers }: Exchange): ReplyContext {
    const cors = target?.task.settings.cors;
    return {
      requestId,
      headers: cors ? corsHeaders(cors, headers) : undefined,
      showErrors: this.#options.showErrors,
    };
  }

  /** A defect of ours, or a worker that forged its reply: the client learns nothing of it. */
  #broken(exchange: Exchange, error: unknown): Outgoing {
    const { requestId } = exchange;
    const reason = messageOf(error);
    const stack = error instanceof Error ? error.stack : undefined;
    this.#options.log.error("gateway.failed", { requestId, reason, stack });
    return toOutgoing({
      kind: "failed",
      traceId: "",
      failure: { code: "response_illegal", message: reason, stack, publicMessage: undefined },
    }, this.#context(exchange));
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

function tooLarge(limitBytes: number): Rejection {
  return {
    status: 413,
    reason: `the body is over ${limitBytes} bytes`,
    headers: { connection: "close" },
  };
}
