import { delay } from "../base/deadline.ts";
import type { HttpOptions, HttpServer, Platform, TlsCertificate } from "../platform/platform.ts";
import { idleTimeoutMs } from "./checks.ts";
import type { ListenerState } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";

/**
 * How long answers say `Connection: close` before a listener stops. Stopping at once would cut
 * kept-alive connections whose clients are about to use them; both runtimes close idle ones.
 */
const farewellMs = 200;

/** What a listener is made of. */
export interface PublicListenerOptions {
  readonly platform: Pick<Platform, "serveHttp">;
  readonly gateway: Pick<Gateway, "handlerFor">;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsCertificate | undefined;
  /** Whether another server may have the port, too. */
  readonly reusePort: boolean;
}

interface Generation {
  readonly server: HttpServer;
  readonly state: { isDraining: boolean };
}

/** The public port. A new certificate is a new server on the same port; the old one drains. */
export class PublicListener {
  readonly #options: PublicListenerOptions;
  #current: Generation;
  /** Those that still drain, and when they have. */
  readonly #retired = new Map<HttpServer, Promise<void>>();
  #switching: Promise<unknown> = Promise.resolve();

  private constructor(options: PublicListenerOptions, current: Generation) {
    this.#options = options;
    this.#current = current;
  }

  /** Starts to listen. */
  static async open(options: PublicListenerOptions): Promise<PublicListener> {
    return new PublicListener(options, await startServer(options));
  }

  /** The real port. */
  get port(): number {
    return this.#current.server.port;
  }

  /** Serves new connections with another certificate; those that exist finish on the old one. */
  useCertificate(tls: TlsCertificate): Promise<void> {
    // One after the other: two at once would retire the same server, and lose one of their own.
    const switched = this.#switching.then(() => this.#switchTo(tls));
    this.#switching = switched.catch(ignoreRefused);
    return switched;
  }

  /** Stops accepting; resolves when everything under way has been answered. */
  async stop(): Promise<void> {
    await this.#switching;
    await Promise.all([stop(this.#current), ...this.#retired.values()]);
  }

  /** Closes every connection. */
  async abort(): Promise<void> {
    const servers = [this.#current.server, ...this.#retired.keys()];
    await Promise.all(servers.map((server) => server.abort()));
  }

  async #switchTo(tls: TlsCertificate): Promise<void> {
    const retired = this.#current;
    this.#current = await startServer({ ...this.#options, port: this.port, tls });
    const stopped = stop(retired).finally(() => this.#retired.delete(retired.server));
    this.#retired.set(retired.server, stopped);
  }
}

function ignoreRefused(): void {
  // Whoever asked for it has been told; the next certificate may be better.
}

async function stop({ server, state }: Generation): Promise<void> {
  state.isDraining = true;
  await delay(farewellMs);
  await server.stop();
}

async function startServer(options: PublicListenerOptions): Promise<Generation> {
  const { platform, gateway, host, port, tls, reusePort } = options;
  const state: ListenerState & { isDraining: boolean } = { isDraining: false };
  const http: HttpOptions = {
    address: { kind: "tcp", host, port },
    tls,
    // The server with the next certificate has to bind beside this one.
    reusePort: reusePort || tls !== undefined,
    idleTimeoutSeconds: idleTimeoutMs / 1_000,
    handler: gateway.handlerFor(state),
  };
  return { server: await platform.serveHttp(http), state };
}
