import { IdSource } from "../../runtime/base/ids.ts";
import { type Log, type LogFields, silentLog } from "../../runtime/base/log.ts";
import type { TaskSettings } from "../../runtime/base/task_settings.ts";
import { parseAddressSet } from "../../runtime/config/address_set.ts";
import { BodyMemory } from "../../runtime/gateway/body_memory.ts";
import { Gateway, type GatewayOptions } from "../../runtime/gateway/gateway.ts";
import { HostTable } from "../../runtime/gateway/hosts.ts";
import { Supervisor } from "../../runtime/invocation/supervisor.ts";
import type { HandlerMethod, TaskShape } from "../../runtime/protocol/call.ts";
import { FakePool, FakeRecorder, replied, settingsOf } from "../invocation/support.ts";
import { ManualClock } from "../manual_clock.ts";

/** Of a task: what it exports and how it is set. */
export interface FakeTask {
  readonly methods?: readonly HandlerMethod[];
  /** In place of what the methods say. */
  readonly shape?: TaskShape;
  readonly settings?: Partial<TaskSettings>;
}

/** What differs from request to request. */
export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Without a length, as HTTP/2 may send it. @default true */
  readonly isAnnounced?: boolean;
  /** As the client sent it; by default that of the deployment. */
  readonly host?: string | undefined;
  readonly peer?: string;
  readonly signal?: AbortSignal;
}

/** A gateway in memory, its deployment `acme` and all that surrounds it. */
export function createGateway(
  tasks: Readonly<Record<string, FakeTask>> = { hello: {} },
  options: Partial<GatewayOptions> = {},
) {
  const clock = new ManualClock();
  const pool = new FakePool();
  pool.shapes = new Map(Object.entries(tasks).map(([name, task]) => [name, shapeOf(task)]));
  pool.onCall = () => replied();
  const served = new Map(
    Object.entries(tasks).map((
      [name, task],
    ) => [name, { name, settings: settingsOf(task.settings) }]),
  );
  const active = { id: "r1", tasks: served, pool };
  const acme = { hostname: "acme", environment: "testing", app: "acme-app", active };
  const hosts = new HostTable({ domains: ["localhost"], deployments: [acme], isLoopback: true });
  const recorder = new FakeRecorder();
  const ids = new IdSource();
  const bodies = options.bodies ?? new BodyMemory(2 ** 20);
  const gateway = new Gateway({
    platform: { headerFields: (headers) => Object.fromEntries(headers) },
    clock,
    ids,
    log: silentLog,
    recorder,
    supervisor: new Supervisor({ clock, ids, recorder }),
    bodies,
    hosts: () => hosts,
    scheme: "http",
    trustedProxies: undefined,
    secrets: [],
    showErrors: false,
    ...options,
  });
  const listener = { isDraining: false };
  const handler = gateway.handlerFor(listener);
  const peers: FakePeer[] = [];
  const fetch = async (path: string, request: FetchOptions = {}): Promise<Response> => {
    const peer = new FakePeer("host" in request ? request.host : "acme.localhost", request.peer);
    peers.push(peer);
    return await handler(toRequest(path, request), peer);
  };
  return { clock, pool, recorder, bodies, listener, peers, acme, gateway, fetch };
}

/** The peer of a request, and what it was told of its wait. */
export class FakePeer {
  readonly told: string[] = [];
  /** How often its address was asked for. */
  asked = 0;
  readonly #host: string | undefined;
  readonly #address: string | undefined;

  constructor(host: string | undefined, address: string | undefined) {
    this.#host = host;
    this.#address = address;
  }

  host(): string | undefined {
    return this.#host;
  }

  clientAddress(): string | undefined {
    this.asked += 1;
    return this.#address;
  }

  recordedAddress(): string | undefined {
    return this.clientAddress();
  }

  waiting(): void {
    this.told.push("waiting");
  }

  answering(): void {
    this.told.push("answering");
  }
}

/** Proxies at one address. */
export const trustedProxies = (() => {
  const parsed = parseAddressSet(["10.0.0.1"]);
  return parsed.kind === "good" ? parsed.value : undefined;
})();

/** A log that keeps its errors. */
export function createErrorLog(): { log: Log; errors: (readonly [string, LogFields?])[] } {
  const errors: (readonly [string, LogFields?])[] = [];
  const error = (event: string, fields?: LogFields) =>
    void errors.push(fields ? [event, fields] : [event]);
  return { log: { ...silentLog, error }, errors };
}

function shapeOf({ methods = ["GET"], shape }: FakeTask): TaskShape {
  return shape ?? { kind: "loaded", methods, hasAuthenticate: true };
}

/** A text or bytes go with the length that every client of HTTP/1 sends. */
function toRequest(path: string, options: FetchOptions): Request {
  const { method = "GET", headers = {}, body, isAnnounced = true, signal } = options;
  const isWhole = typeof body === "string" || body instanceof Uint8Array;
  const length = isWhole && isAnnounced ? { "content-length": `${Buffer.byteLength(body)}` } : {};
  return new Request(`http://acme.localhost${path}`, {
    method,
    headers: { ...length, ...headers },
    ...(body === undefined ? {} : { body: body instanceof Uint8Array ? Buffer.from(body) : body }),
    ...(signal ? { signal } : {}),
  });
}
