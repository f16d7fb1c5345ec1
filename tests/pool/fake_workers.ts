import { silentLog } from "../../runtime/base/log.ts";
import type {
  Child,
  Connection,
  ConnectionEvents,
  ExitStatus,
  Platform,
  SpawnOptions,
} from "../../runtime/platform/platform.ts";
import { type HubOptions, WorkerHub } from "../../runtime/pool/worker_hub.ts";
import { parseBootMessage } from "../../runtime/protocol/boot.ts";
import type { Failure, Reply, TaskShape } from "../../runtime/protocol/call.ts";
import { type Frame, FrameReader } from "../../runtime/protocol/frames.ts";
import { parseGatewayMessage } from "../../runtime/protocol/gateway_codec.ts";
import type {
  AppFacts,
  BootMessage,
  GatewayMessage,
  WorkerMessage,
} from "../../runtime/protocol/messages.ts";
import { markBytes, markInUse } from "../../runtime/protocol/start_mark.ts";
import { writeWorkerMessage } from "../../runtime/protocol/worker_codec.ts";
import { createFakePlatform } from "../cli/fake_platform.ts";
import { ManualClock } from "../manual_clock.ts";
import { bytesOf } from "../protocol/support.ts";

type Accept = (connection: Connection) => ConnectionEvents;

/** What every worker of the tests is told. */
export const boot: AppFacts = {
  dir: "/data/release",
  sourceDir: "/srv/app",
  tasks: { hello: "hello.ts", slow: "slow.ts" },
  deployment: { hostname: "acme", environment: "testing", app: "acme-app" },
};

/** What each task of `boot` exports. */
export const shape: TaskShape = { kind: "loaded", methods: ["GET"], hasAuthenticate: true };

/** What the tasks of `boot` export. */
export const shapes: ReadonlyMap<string, TaskShape> = new Map(
  ["hello", "slow"].map((task) => [task, shape]),
);

/** A reply as it comes off a socket. */
export const reply: Reply = {
  status: 200,
  contentType: "text/plain",
  headers: undefined,
  body: Buffer.from("hi"),
};

/** A failure of a handler. */
export const failure: Failure = {
  code: "handler_failed",
  message: "Cannot add",
  stack: undefined,
  publicMessage: undefined,
};

/**
 * A worker process without a process: a test says what it sends and how it ends. It starts the calls
 * it is given and answers when it is asked whether it is there, unless it is blocked.
 */
export class FakeChild implements Child {
  readonly pid: number;
  readonly options: SpawnOptions;
  readonly signals: string[] = [];
  readonly received: GatewayMessage[] = [];
  /** Whether the gateway has closed the connection. */
  isHungUp = false;
  /** Whether its event loop stands still. */
  isBlocked = false;
  /** What it has been sent and has not read; its messages here arrive all the same. */
  unreadBytes = 0;
  /** Whether the system lets it share memory. */
  canShare = true;
  readonly #accept: Accept;
  readonly #mark: Uint32Array | undefined;
  readonly #exited = Promise.withResolvers<ExitStatus>();
  #events: ConnectionEvents | undefined;

  constructor(pid: number, options: SpawnOptions, accept: Accept) {
    this.pid = pid;
    this.options = options;
    this.#accept = accept;
    const { markFile } = this.boot;
    // A test may have one connect that no gateway has started.
    if (markFile === "") return;
    this.#mark = new Uint32Array(Bun.mmap(markFile, { shared: true, size: markBytes }).buffer);
  }

  get exited(): Promise<ExitStatus> {
    return this.#exited.promise;
  }

  kill(signal: string): boolean {
    this.signals.push(signal);
    return true;
  }

  get boot(): BootMessage {
    return parseBootMessage(this.options.stdin);
  }

  /**
   * Connects and says hello, by default with the token it was given; a real worker asks for the time
   * in the same breath.
   */
  connect({ token = this.boot.token, sync = true } = {}): void {
    this.dial();
    this.sendBytes(bytesOf((writer) => {
      writeWorkerMessage(writer, { kind: "hello", token });
      if (sync) writeWorkerMessage(writer, { kind: "sync" });
    }));
  }

  /** Connects, and says nothing. */
  dial(): void {
    const reader = new FrameReader((frame: Frame) => this.#receive(parseGatewayMessage(frame)));
    if (this.canShare) this.mark(0);
    const countUnread = () => this.unreadBytes;
    this.#events = this.#accept({
      write: (bytes) => reader.push(new Uint8Array(bytes)),
      get pendingBytes() {
        return countUnread();
      },
      close: () => {
        this.isHungUp = true;
      },
    });
  }

  /** Shows that it has started the calls up to this one. */
  mark(id: number): void {
    this.#mark?.set([markInUse, id]);
  }

  #receive(message: GatewayMessage): void {
    this.received.push(message);
    if (this.isBlocked) return;
    if (message.kind === "call" && this.canShare) this.mark(message.id);
    if (message.kind === "ping") this.send({ kind: "pong" });
  }

  send(message: WorkerMessage): void {
    this.sendBytes(bytesOf((writer) => writeWorkerMessage(writer, message)));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#events?.onData(bytes);
  }

  /** Replies to the call with this number on the connection. */
  reply(id: number): void {
    this.send({ kind: "replied", id, reply });
  }

  /** Connects, and tells what its tasks export where it is asked. */
  async start(): Promise<void> {
    this.connect();
    await turn();
    for (const message of this.received) {
      if (message.kind !== "describe") continue;
      for (const task of message.tasks) this.load(task);
      this.send({ kind: "described" });
    }
  }

  /** Loads a task. */
  load(task: string): void {
    this.send({ kind: "loading", task });
    this.send({ kind: "loaded", task, shape });
  }

  print(stream: "stdout" | "stderr", text: string): void {
    this.options.onOutput(stream, Buffer.from(text));
  }

  disconnect(): void {
    this.#events?.onClose();
  }

  /** Ends, and is reaped. */
  async exit(status: Partial<ExitStatus> = { code: 0 }): Promise<void> {
    this.disconnect();
    await this.exitKeepingLine(status);
  }

  /** Ends, and is reaped before the last of what it sent has come. */
  async exitKeepingLine(status: Partial<ExitStatus>): Promise<void> {
    this.#exited.resolve({ code: undefined, signal: undefined, ...status });
    await turn();
  }

  /** What it was told, but for the time. */
  get told(): readonly GatewayMessage[] {
    return this.received.filter(({ kind }) => kind !== "sentAt" && kind !== "synced");
  }

  /** The numbers of the calls it was given. */
  get calls(): readonly number[] {
    return this.received.flatMap((message) => message.kind === "call" ? [message.id] : []);
  }
}

/** A platform on which processes are played by the test, and the hub they connect to. */
export interface FakeWorkers extends AsyncDisposable {
  readonly platform: Platform;
  readonly hub: WorkerHub;
  readonly children: FakeChild[];
  /** The child that was started last. */
  readonly last: FakeChild;
  /** Whether the system starts no process. */
  isOutOfProcesses: boolean;
}

/** Opens a hub for fake workers; `await using` closes it. */
export async function createWorkers(
  { log = silentLog, clock = new ManualClock() }: Partial<HubOptions> = {},
): Promise<FakeWorkers> {
  const children: FakeChild[] = [];
  let accept: Accept | undefined;
  const platform: Platform = {
    ...createFakePlatform([]).platform,
    // Without locks nothing is taken for dead: the folders beside ours belong to real gateways.
    lockFolder: () => undefined,
    selfCommand: (role) => ["webtaskd", role],
    listen(_path, accepting) {
      accept = accepting;
      return Promise.resolve({ close() {} });
    },
    spawn(options) {
      if (workers.isOutOfProcesses || !accept) throw new Error("Cannot fork");
      const child = new FakeChild(1_000 + children.length, options, accept);
      children.push(child);
      return child;
    },
  };
  const hub = await WorkerHub.open(platform, { log, clock });
  const workers: FakeWorkers = {
    platform,
    hub,
    children,
    isOutOfProcesses: false,
    get last() {
      const last = children.at(-1);
      if (!last) throw new Error("Cannot find a child: none was started");
      return last;
    },
    [Symbol.asyncDispose]: () => hub.close(),
  };
  return workers;
}

/** Lets a turn of the event loop pass: what has been written in it has arrived. */
export async function turn(): Promise<void> {
  for (let count = 0; count < 2; count++) await new Promise(setImmediate);
}
