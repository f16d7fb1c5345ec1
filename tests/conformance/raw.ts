import { connect, type Socket } from "node:net";
import { deadline } from "../../runtime/base/deadline.ts";
import { until } from "./wait.ts";

const defaultTimeoutMs = 10_000;

/** A TCP connection that sends exactly the bytes a test says, in pieces if it likes. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #received = "";
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const closed = Promise.withResolvers<void>();
    this.#closed = closed.promise;
    socket.on("data", (bytes) => this.#received += bytes.toString("latin1"));
    // A reset is one of the ways a server may close; `close` follows every error.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isClosed = true;
      closed.resolve();
    });
  }

  /** Connects to a port of this machine. */
  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: "127.0.0.1" });
    const connection = new RawConnection(socket);
    const connected = new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    await deadline(connected, defaultTimeoutMs, { what: `connect to port ${port}` });
    return connection;
  }

  /** What has come so far, one character per byte. */
  get received(): string {
    return this.#received;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends bytes; text goes as UTF-8. Bytes to a closed connection are dropped. */
  send(bytes: string | Uint8Array): void {
    if (!this.#isClosed) this.#socket.write(bytes);
  }

  /** Says that nothing more will be sent; answers may still come. */
  closeSending(): void {
    this.#socket.end();
  }

  /** Leaves at once. */
  leave(): void {
    this.#socket.destroy();
  }

  /** Waits for the server to close, and returns all it sent. */
  async untilClosed(timeoutMs = defaultTimeoutMs): Promise<string> {
    await deadline(this.#closed, timeoutMs, { what: "see the connection closed" });
    return this.#received;
  }

  /** Waits for this many complete answers, or for the end of the connection; returns what came. */
  async untilAnswered(count = 1, timeoutMs = defaultTimeoutMs): Promise<string> {
    await until(
      `${count} answers`,
      () => this.#isClosed || countAnswers(this.#received) >= count,
      timeoutMs,
    );
    return this.#received;
  }
}

/** One complete answer in a stream. */
interface RawAnswer {
  readonly status: number;
  readonly isInterim: boolean;
}

/** Returns the status of each complete answer in a stream, in order; 1xx included. */
export function statusesOf(stream: string): number[] {
  return [...readAnswers(stream)].map(({ status }) => status);
}

function countAnswers(stream: string): number {
  return [...readAnswers(stream)].filter(({ isInterim }) => !isInterim).length;
}

function* readAnswers(stream: string): Iterable<RawAnswer> {
  let rest = stream;
  while (true) {
    const end = rest.indexOf("\r\n\r\n");
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(rest)?.[1]);
    if (end < 0 || !status) return;
    const body = rest.slice(end + 4);
    const length = bodyLength(rest.slice(0, end), body);
    if (length === undefined || body.length < length) return;
    yield { status, isInterim: status < 200 };
    rest = body.slice(length);
  }
}

function bodyLength(head: string, body: string): number | undefined {
  if (/^HTTP\/1\.1 (?:1\d\d|204|304)/.test(head)) return 0;
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) return Number(length);
  if (!/^transfer-encoding: *chunked/im.test(head)) return 0;
  const end = body.indexOf("0\r\n\r\n");
  return end < 0 ? undefined : end + 5;
}
