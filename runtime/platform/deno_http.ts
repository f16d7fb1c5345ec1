import { onlyPeer } from "./only_peer.ts";
import type { HttpOptions, HttpServer, RequestInfo } from "./platform.ts";

/** Starts an HTTP server. */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { address, tls, handler } = options;
  const peer = onlyPeer(address);
  const onlyRecorded = peer === undefined ? undefined : () => peer;
  const aborter = new AbortController();
  let isStopping = false;
  const shared = { signal: aborter.signal, onListen() {}, onError: toEmptyError };
  const server = address.kind === "unix"
    ? Deno.serve(
      { path: address.path, ...shared },
      (request) => handler(request, unixInfo),
    )
    : Deno.serve(
      {
        hostname: address.host,
        port: address.port,
        reusePort: options.reusePort,
        ...(tls ?? {}),
        ...shared,
      },
      (request, info) => {
        const clientAddress = () => info.remoteAddr.hostname;
        const recordedAddress = onlyRecorded ?? clientAddress;
        const host = tls ? (headers: Fields) => authorityOf(request, headers) : hostOf;
        return handler(request, { ...idleForEver, host, clientAddress, recordedAddress });
      },
    );
  const port = "port" in server.addr ? server.addr.port : 0;
  return await Promise.resolve({
    port,
    stop() {
      isStopping = true;
      return server.shutdown();
    },
    async abort() {
      // What shuts down cannot be aborted: to Deno that is an error which nobody can catch, and which
      // ends the process. The connections that are left end with the process.
      if (isStopping) return;
      aborter.abort();
      await server.finished;
    },
  });
}

/** The contract of a handler is not to reject; should one do so, nothing of it is shown. */
function toEmptyError(): Response {
  return new Response(undefined, { status: 500 });
}

/** Deno closes no connection for being idle. */
const idleForEver = { waiting() {}, answering() {} };

const unixInfo: RequestInfo = {
  ...idleForEver,
  host: hostOf,
  clientAddress: () => undefined,
  recordedAddress: () => undefined,
};

type Fields = Readonly<Record<string, string>>;

function hostOf(headers: Fields): string | undefined {
  return headers["host"];
}

/**
 * HTTP/2, which Deno speaks over TLS, has its authority in the URL, where Deno also shows the target
 * of HTTP/1, its Host header or, without either, its own address.
 */
function authorityOf(request: Request, headers: Fields): string | undefined {
  const { host } = headers;
  if (host !== undefined && request.url.startsWith(`https://${host}/`)) return host;
  const url = new URL(request.url);
  if (host === undefined) return isHttp1(headers) ? undefined : url.host;
  return URL.parse(`https://${host}`)?.hostname === url.hostname ? host : `${host}, ${url.host}`;
}

/** Headers that HTTP/2 must not have. Source: RFC 9113 §8.2.2. */
const http1Headers = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
];

/** Deno does not tell the versions apart: without these headers, HTTP/1 passes for HTTP/2. */
function isHttp1(headers: Fields): boolean {
  return http1Headers.some((name) => headers[name] !== undefined);
}
