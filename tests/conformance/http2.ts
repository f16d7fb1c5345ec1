import { connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { deadline } from "../../runtime/base/deadline.ts";

const timeoutMs = 10_000;

/** An answer over HTTP/2. */
export interface Http2Answer {
  readonly status: number;
  readonly text: string;
}

/** Opens a TLS connection that offers these protocols; `alpnProtocol` is the one chosen. */
export async function openTls(
  port: number,
  { servername, protocols }: {
    readonly servername: string;
    readonly protocols?: readonly string[];
  },
): Promise<TLSSocket> {
  const socket = connectTls({
    ...{ port, servername, host: "127.0.0.1", rejectUnauthorized: false },
    ...(protocols ? { ALPNProtocols: [...protocols] } : {}),
  });
  const opened = new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  await deadline(opened, timeoutMs, { what: "open a TLS connection" });
  return socket;
}

/** Sends one request over HTTP/2 on a connection of its own; without a body its head ends it. */
export async function askHttp2(
  port: number,
  { headers, body }: { readonly headers: OutgoingHttpHeaders; readonly body?: string },
): Promise<Http2Answer> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  try {
    const answered = new Promise<Http2Answer>((resolve, reject) => {
      session.once("error", reject);
      const stream = session.request(headers, { endStream: body === undefined });
      let status = 0;
      let text = "";
      stream.once("error", reject);
      stream.once("response", (fields) => status = Number(fields[":status"]));
      stream.on("data", (bytes: Buffer) => text += bytes.toString());
      stream.once("end", () => resolve({ status, text }));
      if (body !== undefined) stream.end(body);
    });
    return await deadline(answered, timeoutMs, { what: "get an answer over HTTP/2" });
  } finally {
    session.destroy();
  }
}
