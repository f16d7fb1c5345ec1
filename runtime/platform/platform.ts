/** A connected byte stream. */
export interface Connection {
  /**
   * Sends bytes in order, at once or as soon as the peer reads; they are taken or copied before it
   * returns. Bytes written to a closed connection are dropped.
   */
  write(bytes: Uint8Array): void;
  /** Bytes accepted by `write` that the kernel has not taken yet. */
  readonly pendingBytes: number;
  /** Sends what is pending, then closes; may be called twice. */
  close(): void;
}

/** What happens on a connection. */
export interface ConnectionEvents {
  /** Bytes that arrived; the receiver may keep them. */
  onData(bytes: Uint8Array): void;
  /** The connection is gone, whatever the reason; called once. */
  onClose(): void;
}

/** A socket that accepts connections. */
export interface Listener {
  /** Stops accepting and removes the socket's file. */
  close(): void;
}

/** A lock on a folder; the end of this process ends it, too. */
export interface FolderLock {
  unlock(): void;
}

/** How a child process ended: `code` is undefined when a signal ended it. */
export interface ExitStatus {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** A running child process. */
export interface Child {
  readonly pid: number;
  /** Resolves when the process has ended and been reaped; never rejects. */
  readonly exited: Promise<ExitStatus>;
  /** Sends a signal; false when the process has already ended. */
  kill(signal: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): boolean;
}

/** What to start, and where its output goes. */
export interface SpawnOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to the child's standard input, which is then closed. */
  readonly stdin: string;
  /** Called with raw bytes of standard output and standard error as they come. */
  onOutput(stream: "stdout" | "stderr", bytes: Uint8Array): void;
}

/** A certificate chain and its key, as PEM text. */
export interface TlsCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Where an HTTP server listens. */
export type HttpAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** What a handler learns about a request beyond the `Request` itself. */
export interface RequestInfo {
  /**
   * The authority the client asked for, given the fields of its headers: the Host header, or what
   * HTTP/2 has in its place; several that differ come joined by commas.
   */
  host(headers: Readonly<Record<string, string>>): string | undefined;
  /** The peer's IP address; `undefined` on a Unix socket. */
  clientAddress(): string | undefined;
  /** The same for a record, which may do with less: on a listener for this machine alone, all have the listener's. */
  recordedAddress(): string | undefined;
  /** The request has been read and waits for its answer: the connection's idle limit is off. */
  waiting(): void;
  /** The answer is about to be given: the idle limit holds again. */
  answering(): void;
}

/** Answers one HTTP request; must not reject. */
export type HttpHandler = (request: Request, info: RequestInfo) => Response | Promise<Response>;

/** How an HTTP server is set up. */
export interface HttpOptions {
  readonly address: HttpAddress;
  readonly tls: TlsCertificate | undefined;
  /** Share the port with other processes (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** A connection on which nothing moves this long is closed, unless its request is waiting. */
  readonly idleTimeoutSeconds: number;
  readonly handler: HttpHandler;
}

/** A running HTTP server. */
export interface HttpServer {
  /** The real port; 0 on a Unix socket. */
  readonly port: number;
  /** Stops accepting, then resolves when every request under way has been answered. */
  stop(): Promise<void>;
  /** Closes every connection at once. */
  abort(): Promise<void>;
}

/** What this process has used since its start. */
export interface ProcessUsage {
  /** CPU time, that of the system included. */
  readonly cpuMs: number;
  /** The largest resident memory it ever had. */
  readonly maxRssBytes: number;
}

/** A role of the one program: who a process is decides what its `main` does. */
export type Role = "gateway" | "worker" | "recorder" | "migrator";

/** Signals a process of ours listens to. */
export type ProcessSignal = "SIGTERM" | "SIGINT" | "SIGHUP";

/** Looks places up in a source map; lines and columns count from 0. */
export interface SourceMapReader {
  find(line: number, column: number): {
    /** As the map has it. */
    readonly source: string;
    readonly line: number;
    readonly column: number;
  } | undefined;
}

/**
 * Everything the runtime does that differs between Bun and Deno, without policy. `Bun`, `Deno` and
 * `process` appear only behind this interface and in `main.ts`.
 */
export interface Platform {
  readonly name: "bun" | "deno";
  /** The version of the runtime, as `1.4.5`. */
  readonly version: string;
  /** The operating system, as `linux`. */
  readonly os: string;
  readonly pid: number;
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  usage(): ProcessUsage;
  /** Resident memory of this process, now. */
  rssBytes(): number;
  /** Whether standard output, or error, is a terminal. */
  isTerminal(stream: "stdout" | "stderr"): boolean;
  /** The width of the terminal at standard output; `undefined` where there is none, or it is unknown. */
  terminalColumns(): number | undefined;
  /** Writes text at once, without buffering in this process. */
  writeOut(stream: "stdout" | "stderr", text: string): void;
  /**
   * Writes bytes without holding this thread up, however long the reader takes; resolves with how
   * many were taken, 0 where a pipe that lets nobody wait is full. Rejects when nobody can take them.
   */
  writeSome(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<number>;
  /** All of standard input as text. */
  readStdin(): Promise<string>;
  exit(code: number): never;
  onSignal(signal: ProcessSignal, listener: () => void): void;
  /**
   * Has this process keep the memory it frees for its own next use, for minutes. Call it first: where the runtime
   * must know before it starts, this starts the program again in the same process, once.
   */
  keepFreedMemory(): void;
  /** The command that starts this same program in a role of its own. */
  selfCommand(role: Role): readonly string[];
  spawn(options: SpawnOptions): Child;
  /** Listens on a Unix socket; `accept` is called per connection and returns its events. */
  listen(path: string, accept: (connection: Connection) => ConnectionEvents): Promise<Listener>;
  connect(path: string, events: ConnectionEvents): Promise<Connection>;
  serveHttp(options: HttpOptions): Promise<HttpServer>;
  /**
   * Maps the first bytes of a file into memory, shared with every process that reads it;
   * `undefined` where the system cannot.
   */
  mapShared(path: string, bytes: number): Uint8Array | undefined;
  /** The headers as a plain object, names in lower case; never loses a value. */
  headerFields(headers: Headers): Record<string, string>;
  /**
   * Locks a folder: several may share it, or one has it alone. Does not wait; `undefined` when others
   * stand in the way, when the folder is not there or not ours to read, or the system has no locks.
   */
  lockFolder(path: string, kind: "shared" | "alone"): FolderLock | undefined;
  /**
   * Has the kernel end this process when its parent dies, even while it is blocked; ends it now where
   * that process is not its parent any more.
   */
  dieWithParent(parentPid: number): void;
  /**
   * Keeps other processes of the same user, task code among them, from reading this one's memory and
   * environment. Root may read both all the same.
   */
  forbidInspection(): void;
  /**
   * Makes errors nobody caught and rejections nobody handled arrive here instead of ending the
   * process.
   */
  onUncaught(listener: (kind: "exception" | "rejection", error: unknown) => void): void;
  /** Gives up what task code must not have: abilities, and variables that are for the runtime. */
  dropPrivileges(): Promise<void>;
  /**
   * Reads a text file at once; `undefined` when there is none, or it is larger than `maxBytes`.
   * Loading `node:fs` for it takes Deno 8 ms at the start of a worker.
   */
  readText(path: string, maxBytes: number): string | undefined;
  /**
   * Opens a source map, given as JSON; `undefined` where the runtime itself has stacks name the
   * sources that maps lead to.
   */
  readonly openSourceMap: ((json: string) => SourceMapReader) | undefined;
  /** Values as text, as `console.log` shows them, without colours; `depth` levels of objects. */
  formatValues(values: readonly unknown[], depth: number): string;
  /** Answers imports of a package that exists only as types with an empty module. */
  stubModule(specifier: string): void;
}
