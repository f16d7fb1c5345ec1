import { describe, expect, test } from "bun:test";
import { PublicListener } from "../../runtime/gateway/public_listener.ts";
import type { HttpOptions, HttpServer } from "../../runtime/platform/platform.ts";
import type { ListenerState } from "../../runtime/gateway/exchange.ts";
import type { Gateway } from "../../runtime/gateway/gateway.ts";

/** A server that notes what becomes of it. */
class FakeServer implements HttpServer {
  readonly port = 8787;
  readonly options: HttpOptions;
  readonly events: string[] = [];

  constructor(options: HttpOptions) {
    this.options = options;
  }

  stop(): Promise<void> {
    this.events.push("stop");
    return Promise.resolve();
  }

  abort(): Promise<void> {
    this.events.push("abort");
    return Promise.resolve();
  }
}

async function open(options: { readonly tls?: HttpOptions["tls"] } = {}) {
  const servers: FakeServer[] = [];
  const states: ListenerState[] = [];
  const failure: { next: Error | undefined } = { next: undefined };
  const gateway: Pick<Gateway, "handlerFor"> = {
    handlerFor(state) {
      states.push(state);
      return () => new Response();
    },
  };
  const listener = await PublicListener.open({
    platform: {
      async serveHttp(http) {
        await Promise.resolve();
        if (failure.next) throw failure.next;
        const server = new FakeServer(http);
        servers.push(server);
        return server;
      },
    },
    gateway,
    host: "127.0.0.1",
    port: 0,
    tls: options.tls,
    reusePort: false,
  });
  return { listener, servers, states, failure };
}

const [first, second, third] = ["1", "2", "3"].map((key) => ({ cert: key, key }));

describe("PublicListener", () => {
  test("says farewell before it stops", async () => {
    const { listener, servers, states } = await open();
    expect(states).toEqual([{ isDraining: false }]);
    const stopped = listener.stop();
    await new Promise(setImmediate);
    expect([states[0]?.isDraining, servers[0]?.events]).toEqual([true, []]);
    await stopped;
    expect(servers[0]?.events).toEqual(["stop"]);
  });

  test("serves another certificate on the same port, and drains the server before", async () => {
    const { listener, servers, states } = await open({ tls: first });
    if (second) await listener.useCertificate(second);
    expect(servers.map(({ options: { tls, address, reusePort } }) => [tls, address, reusePort]))
      .toEqual([
        [first, { kind: "tcp", host: "127.0.0.1", port: 0 }, true],
        [second, { kind: "tcp", host: "127.0.0.1", port: 8787 }, true],
      ]);
    await new Promise(setImmediate);
    expect(states.map(({ isDraining }) => isDraining)).toEqual([true, false]);
    await listener.stop();
    expect(servers.map(({ events }) => events)).toEqual([["stop"], ["stop"]]);
  });

  test("loses no server when two certificates come at once", async () => {
    const { listener, servers } = await open({ tls: first });
    if (!second || !third) return;
    await Promise.all([listener.useCertificate(second), listener.useCertificate(third)]);
    await listener.stop();
    expect(servers.map(({ options, events }) => [options.tls?.key, events])).toEqual([
      ["1", ["stop"]],
      ["2", ["stop"]],
      ["3", ["stop"]],
    ]);
  });

  test("keeps its server when the next does not start", async () => {
    const { listener, servers, failure } = await open({ tls: first });
    failure.next = new Error("Cannot listen");
    if (!second || !third) return;
    expect(await listener.useCertificate(second).catch((error) => error)).toBe(failure.next);
    failure.next = undefined;
    await listener.useCertificate(third);
    await listener.stop();
    expect(servers.map(({ options }) => options.tls?.key)).toEqual(["1", "3"]);
  });

  test("closes the connections of every server it has, those that drain too", async () => {
    const { listener, servers } = await open({ tls: first });
    if (second) await listener.useCertificate(second);
    await listener.abort();
    expect(servers.map(({ events }) => events.includes("abort"))).toEqual([true, true]);
    await listener.stop();
  });
});
