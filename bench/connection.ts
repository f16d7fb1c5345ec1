const headEnd = "\r\n\r\n";
const statusLine = /^HTTP\/1\.1 (\d{3})/;

/**
 * One kept-alive connection that asks one thing at a time, for as little CPU as a client can do with:
 * what loads a server stands for other machines, and should take little of this one.
 */
export class Connection {
  readonly #port: number;
  #socket: Bun.Socket | undefined;
  #received = "";
  #answer: PromiseWithResolvers<number> | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /**
   * Returns the status of the answer; connects first where the server closed the connection meanwhile.
   * @throws {Error} when the connection ends before the answer is whole.
   */
  async get(host: string, path: string): Promise<number> {
    const socket = this.#socket ?? await this.#connect();
    const answer = Promise.withResolvers<number>();
    this.#answer = answer;
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    return await answer.promise;
  }

  close(): void {
    this.#socket?.end();
  }

  async #connect(): Promise<Bun.Socket> {
    const end = () => this.#end();
    const data = (_socket: Bun.Socket, bytes: Buffer) => this.#take(bytes.toString("latin1"));
    const socket = { data, close: end, error: end };
    this.#socket = await Bun.connect({ hostname: "127.0.0.1", port: this.#port, socket });
    return this.#socket;
  }

  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf(headEnd);
    if (end < 0) return;
    const length = Number(/^content-length: *(\d+)/im.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < end + headEnd.length + length) return;
    const status = Number(statusLine.exec(this.#received)?.[1]);
    this.#received = "";
    this.#answer?.resolve(status);
    this.#answer = undefined;
  }

  #end(): void {
    this.#socket = undefined;
    this.#received = "";
    this.#answer?.reject(new Error("The connection ended before the answer"));
    this.#answer = undefined;
  }
}
