import { dirname, join } from "node:path";
import { randomBytes } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Connection, ConnectionEvents, Listener, Platform } from "../platform/platform.ts";
import { type Frame, FrameReader } from "../protocol/frames.ts";
import { parseWorkerMessage } from "../protocol/worker_codec.ts";
import { MarkFile } from "./mark_file.ts";
import { openSocketFolder, type SocketFolder } from "./socket_folder.ts";

const tokenBytes = 32;
/** From the connection to the whole hello, which a worker sends at once. */
const helloTimeoutMs = 5_000;
/** A hello has a token and little more. */
const maxHelloBytes = 1024;
/** Of the length that every frame begins with. */
const lengthBytes = 4;

/** What the owner of a worker process does with its connection. */
export interface WorkerLink {
  onConnect(connection: Connection): void;
  onFrame(frame: Frame): void;
  /** The connection is gone; `fault` says why when the gateway closed it. */
  onClose(fault: string | undefined): void;
}

/** What a hub tells, and by which clock it waits. */
export interface HubOptions {
  readonly log: Log;
  readonly clock: Clock;
}

/** The gateway's Unix socket, in a private folder: workers connect, and prove who they are. */
export class WorkerHub {
  readonly #folder: SocketFolder;
  readonly #options: HubOptions;
  readonly #expected = new Map<string, WorkerLink>();
  #listener: Listener | undefined;
  #markCount = 0;

  private constructor(folder: SocketFolder, options: HubOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Listens in a new folder under the runtime directory, or the temporary one. */
  static async open(platform: Platform, options: HubOptions): Promise<WorkerHub> {
    const folder = await openSocketFolder(platform, options.log);
    await using opened = new AsyncDisposableStack();
    opened.defer(() => folder.remove());
    const hub = new WorkerHub(folder, options);
    hub.#listener = await platform.listen(hub.socketPath, (connection) => hub.#accept(connection));
    opened.move();
    return hub;
  }

  get socketPath(): string {
    return this.#folder.socketPath;
  }

  /** Makes a token that is good for one connection, whose events then go to `link`. */
  expect(link: WorkerLink): string {
    const token = randomBytes(tokenBytes).toString("base64url");
    this.#expected.set(token, link);
    return token;
  }

  /** Forgets a token: its process has died without connecting. */
  forget(token: string): void {
    this.#expected.delete(token);
  }

  /** Makes the file through which one process shows what it has started. */
  createMark(): MarkFile {
    this.#markCount += 1;
    return new MarkFile(join(dirname(this.socketPath), `${this.#markCount}.mark`));
  }

  /** Stops listening and removes the folder; connections of workers stay. */
  async close(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    await this.#folder.remove();
  }

  /** Until the first frame has shown a token, a connection belongs to nobody. */
  #accept(connection: Connection): ConnectionEvents {
    const { log, clock } = this.#options;
    let link: WorkerLink | undefined;
    let isRefused = false;
    const refuse = (fault: string) => {
      isRefused = true;
      if (!link) log.warn("worker.connection_refused", { reason: fault });
      connection.close();
      // The owner must not wait for the peer to close its side.
      link?.onClose(fault);
    };
    const cancelHello = clock.after(
      helloTimeoutMs,
      () => refuse(`it said no hello within ${helloTimeoutMs} ms`),
    );
    const reader = new FrameReader((frame) => {
      if (link) return link.onFrame(frame);
      const owner = this.#identify(frame);
      cancelHello();
      link = owner;
      owner.onConnect(connection);
    });
    const pushHello = limitFirst(reader);
    return {
      onData: (bytes) => {
        if (isRefused) return;
        try {
          if (link) reader.push(bytes);
          else pushHello(bytes);
        } catch (thrown) {
          cancelHello();
          refuse(this.#faultOf(thrown));
        }
      },
      onClose: () => {
        cancelHello();
        if (!isRefused) link?.onClose(undefined);
      },
    };
  }

  /** A worker can send what it likes; anything else that is thrown is a mistake of our own. */
  #faultOf(thrown: unknown): string {
    if (thrown instanceof RuntimeError && thrown.code === "bad_message") {
      return `it sent what no worker sends: ${thrown.message}`;
    }
    const { stack } = thrown instanceof Error ? thrown : { stack: undefined };
    this.#options.log.error("gateway.failed", { reason: messageOf(thrown), stack });
    return "webtaskd failed over what it sent, as the log tells";
  }

  #identify(frame: Frame): WorkerLink {
    const message = parseWorkerMessage(frame);
    const link = message.kind === "hello" ? this.#expected.get(message.token) : undefined;
    if (!link || message.kind !== "hello") {
      throw new RuntimeError("bad_message", "Cannot accept a connection: it shows no valid token");
    }
    this.#expected.delete(message.token);
    return link;
  }
}

/** Passes bytes on to a reader once it is clear that they begin with a short frame. */
function limitFirst(reader: FrameReader): (bytes: Uint8Array) => void {
  let start: Buffer | undefined = Buffer.alloc(0);
  return (bytes) => {
    if (!start) return reader.push(bytes);
    start = Buffer.concat([start, bytes]);
    if (start.length < lengthBytes) return;
    const length = start.readUInt32LE(0);
    if (length > maxHelloBytes) {
      throw new RuntimeError(
        "bad_message",
        `Cannot read a first frame as it must be <= ${maxHelloBytes} bytes: got ${length}`,
      );
    }
    const beginning = start;
    start = undefined;
    reader.push(beginning);
  };
}
