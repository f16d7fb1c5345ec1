import { delay } from "../base/deadline.ts";
import type { Connection, ConnectionEvents, Listener } from "./platform.ts";

type Accept = (connection: Connection) => ConnectionEvents;

const readBytes = 64 * 1024;
/** Without a free file handle there is nothing to accept with: one may be there later. */
const acceptAgainMs = 50;

/** A Unix socket of Deno's own: unlike those of `node:net`, no child process inherits it. */
class SocketConnection implements Connection {
  readonly #socket: Deno.Conn;
  readonly #events: ConnectionEvents;
  /** What the kernel has not taken; the first is being written. */
  readonly #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #isClosing = false;

  constructor(socket: Deno.Conn, accept: Accept) {
    this.#socket = socket;
    this.#events = accept(this);
    void this.#readAll();
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#isClosing) return;
    // Deno takes the bytes later, or in parts, and the writer uses them again.
    this.#pending.push(new Uint8Array(bytes));
    this.#pendingBytes += bytes.length;
    if (this.#pending.length === 1) void this.#writeAll();
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (this.#pending.length === 0) void this.#endWriting();
  }

  /** What the peer has sent before it knew is still read. */
  async #endWriting(): Promise<void> {
    try {
      await this.#socket.closeWrite();
    } catch {
      // The peer was faster: the end of reading closes the rest.
    }
  }

  async #writeAll(): Promise<void> {
    try {
      for (let bytes = this.#pending[0]; bytes; bytes = this.#pending[0]) {
        while (bytes.length > 0) {
          const written: number = await this.#socket.write(bytes);
          bytes = bytes.subarray(written);
          this.#pendingBytes -= written;
        }
        this.#pending.shift();
      }
    } catch {
      // The peer is gone, and reading says so: nobody is left to tell.
      return;
    }
    if (this.#isClosing) await this.#endWriting();
  }

  async #readAll(): Promise<void> {
    try {
      await this.#read();
    } finally {
      this.#isClosing = true;
      this.#socket.close();
      this.#events.onClose();
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(readBytes);
    for (let count = await this.#next(buffer); count > 0; count = await this.#next(buffer)) {
      this.#events.onData(buffer.slice(0, count));
    }
  }

  async #next(buffer: Uint8Array): Promise<number> {
    try {
      return await this.#socket.read(buffer) ?? 0;
    } catch {
      // Reset by the peer, or closed by us: an end like any other.
      return 0;
    }
  }
}

/** Listens on a Unix socket. */
export function listen(path: string, accept: Accept): Promise<Listener> {
  const listener = Deno.listen({ transport: "unix", path });
  let isOpen = true;
  void acceptAll(listener, { accept, isOpen: () => isOpen });
  return Promise.resolve({
    close() {
      if (!isOpen) return;
      isOpen = false;
      listener.close();
      removeFile(path);
    },
  });
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    // Temporary folders are cleared by others, too.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function acceptAll(
  listener: Deno.Listener,
  { accept, isOpen }: { readonly accept: Accept; readonly isOpen: () => boolean },
): Promise<void> {
  while (isOpen()) {
    try {
      new SocketConnection(await listener.accept(), accept);
    } catch {
      // Closed, or out of file handles: the loop ends or tries again.
      if (isOpen()) await delay(acceptAgainMs);
    }
  }
}

/** Connects to a Unix socket. */
export async function connect(path: string, events: ConnectionEvents): Promise<Connection> {
  const socket = await Deno.connect({ transport: "unix", path });
  return new SocketConnection(socket, () => events);
}
