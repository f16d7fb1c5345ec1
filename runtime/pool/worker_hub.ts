import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../base/log.ts";
import { maxSocketPathBytes } from "../base/socket_path.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Connection, ConnectionEvents, Listener, Platform } from "../platform/platform.ts";
import { type Frame, FrameReader } from "../protocol/frames.ts";
import { parseWorkerMessage } from "../protocol/worker_codec.ts";
import { MarkFile } from "./mark_file.ts";

const tokenBytes = 32;

/** What the owner of a worker process does with its connection. */
export interface WorkerLink {
  onConnect(connection: Connection): void;
  onFrame(frame: Frame): void;
  /** The connection is gone; `error` says why when the gateway closed it over a bad message. */
  onClose(error: Error | undefined): void;
}

/** The gateway's Unix socket, in a private folder: workers connect, and prove who they are. */
export class WorkerHub {
  readonly socketPath: string;
  readonly #dir: string;
  readonly #log: Log;
  readonly #expected = new Map<string, WorkerLink>();
  #listener: Listener | undefined;
  #markCount = 0;

  private constructor(dir: string, log: Log) {
    this.#dir = dir;
    this.#log = log;
    this.socketPath = join(dir, "gateway.sock");
  }

  /** Listens in a new folder under the runtime directory, or the temporary one. */
  static async open(platform: Platform, log: Log): Promise<WorkerHub> {
    const dir = await makePrivateFolder(platform);
    const hub = new WorkerHub(dir, log);
    hub.#listener = await platform.listen(hub.socketPath, (connection) => hub.#accept(connection));
    return hub;
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
    return new MarkFile(join(this.#dir, `${this.#markCount}.mark`));
  }

  /** Stops listening and removes the folder; connections of workers stay. */
  async close(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Until the first frame has shown a token, a connection belongs to nobody. */
  #accept(connection: Connection): ConnectionEvents {
    let link: WorkerLink | undefined;
    let error: Error | undefined;
    const reader = new FrameReader((frame) => {
      if (link) return link.onFrame(frame);
      link = this.#identify(frame);
      link.onConnect(connection);
    });
    return {
      onData: (bytes) => {
        if (error) return;
        try {
          reader.push(bytes);
        } catch (thrown) {
          error = thrown instanceof Error ? thrown : new Error("Cannot read a message");
          if (!link) this.#log.warn("worker.connection_refused", { error: error.message });
          connection.close();
          // The owner must not wait for the peer to close its side.
          link?.onClose(error);
        }
      },
      onClose: () => {
        if (!error) link?.onClose(undefined);
      },
    };
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

async function makePrivateFolder(platform: Platform): Promise<string> {
  const dir = await mkdtemp(join(platform.env["XDG_RUNTIME_DIR"] ?? tmpdir(), "webtaskd-"));
  await chmod(dir, 0o700);
  const bytes = Buffer.byteLength(join(dir, "gateway.sock"));
  if (bytes <= maxSocketPathBytes) return dir;
  await rm(dir, { recursive: true });
  throw new RuntimeError(
    "listen_failed",
    `Cannot make the socket of the workers as its path must be <= ${maxSocketPathBytes} bytes: ` +
      `got ${bytes} in "${dir}": set TMPDIR to a shorter folder`,
  );
}
