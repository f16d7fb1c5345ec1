import type { Connection, ConnectionEvents, Listener } from "./platform.ts";

type BunSocket = Bun.Socket<SocketConnection>;

/** Bun writes what the kernel takes and leaves the rest to us. */
class SocketConnection implements Connection {
  readonly #socket: BunSocket;
  readonly events: ConnectionEvents;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #isClosing = false;

  constructor(socket: BunSocket, accept: (connection: Connection) => ConnectionEvents) {
    this.#socket = socket;
    this.events = accept(this);
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#isClosing) return;
    const written = this.#pendingBytes > 0 ? 0 : this.#socket.write(bytes);
    // A negative count is how Bun says that the socket is closed.
    if (written < 0) return;
    // A `Buffer`'s own `slice` would copy nothing, and the writer uses its bytes again.
    if (written < bytes.length) this.#keep(new Uint8Array(bytes.subarray(written)));
  }

  close(): void {
    this.#isClosing = true;
    if (this.#pendingBytes === 0) this.#socket.end();
  }

  drain(): void {
    while (this.#pending.length > 0) {
      const [bytes = new Uint8Array()] = this.#pending;
      const written = Math.max(0, this.#socket.write(bytes));
      this.#pendingBytes -= written;
      if (written < bytes.length) {
        this.#pending[0] = bytes.subarray(written);
        return;
      }
      this.#pending.shift();
    }
    if (this.#isClosing) this.#socket.end();
  }

  #keep(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }
}

function socketHandlers(accept: (connection: Connection) => ConnectionEvents) {
  return {
    open(socket: BunSocket) {
      socket.data = new SocketConnection(socket, accept);
    },
    data(socket: BunSocket, bytes: Uint8Array) {
      socket.data.events.onData(bytes);
    },
    drain(socket: BunSocket) {
      socket.data.drain();
    },
    close(socket: BunSocket) {
      // A connection that failed to open was never given its data.
      socket.data?.events.onClose();
    },
    error(socket: BunSocket) {
      socket.end();
    },
  };
}

/** Listens on a Unix socket. */
export function listen(
  path: string,
  accept: (connection: Connection) => ConnectionEvents,
): Promise<Listener> {
  const server = Bun.listen<SocketConnection>({ unix: path, socket: socketHandlers(accept) });
  return Promise.resolve({ close: () => server.stop() });
}

/** Connects to a Unix socket. */
export async function connect(path: string, events: ConnectionEvents): Promise<Connection> {
  const socket = await Bun.connect<SocketConnection>({
    unix: path,
    socket: socketHandlers(() => events),
  });
  return socket.data;
}
