import { delay } from "../base/deadline.ts";
import type { HttpOptions, HttpServer, Platform, TlsCertificate } from "../platform/platform.ts";
import type { Gateway, ListenerState } from "./gateway.ts";

/**
 * How long answers say `Connection: close` before a listener stops. Stopping at once would cut
 * kept-alive connections whose clients are about to use them; both runtimes close idle ones.
 */
const farewellMs = 200;

/** A connection on which nothing moves for this long is closed, unless its request waits. */
export const idleTimeoutSeconds = 30;

/** What a listener is made of. */
export interface PublicListenerOptions {
  readonly platform: Pick<Platform, "serveHttp">;
  readonly gateway: Gateway;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsCertificate | undefined;
}

interface Generation {
  readonly server: HttpServer;
  readonly state: { isDraining: boolean };
}

/** The public port. A new certificate is a new server on the same port; the old one drains. */
export class PublicListener {
  readonly #options: PublicListenerOptions;
  #current: Generation;
  #retired = new Set<Promise<void>>();

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
  async useCertificate(tls: TlsCertificate): Promise<void> {
    const retired = this.#current;
    this.#current = await startServer({ ...this.#options, port: this.port, tls });
    const stopped = stop(retired).finally(() => this.#retired.delete(stopped));
    this.#retired.add(stopped);
  }

  /** Stops accepting; resolves when everything under way has been answered. */
  async stop(): Promise<void> {
    await Promise.all([stop(this.#current), ...this.#retired]);
  }

  /** Closes every connection. */
  async abort(): Promise<void> {
    await this.#current.server.abort();
  }
}

async function stop({ server, state }: Generation): Promise<void> {
  state.isDraining = true;
  await delay(farewellMs);
  await server.stop();
}

async function startServer(options: PublicListenerOptions): Promise<Generation> {
  const { platform, gateway, host, port, tls } = options;
  const state: ListenerState & { isDraining: boolean } = { isDraining: false };
  const http: HttpOptions = {
    address: { kind: "tcp", host, port },
    tls,
    // The server with the next certificate has to bind beside this one.
    reusePort: tls !== undefined,
    idleTimeoutSeconds,
    handler: gateway.handlerFor(state),
  };
  return { server: await platform.serveHttp(http), state };
}
