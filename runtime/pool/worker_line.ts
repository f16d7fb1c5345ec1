import { RuntimeError } from "../base/errors.ts";
import type { Connection } from "../platform/platform.ts";
import type { OwnedCall } from "../protocol/call.ts";
import { FrameWriter } from "../protocol/frames.ts";
import { writeGatewayMessage } from "../protocol/gateway_codec.ts";
import type { GatewayMessage, WorkerMessage } from "../protocol/messages.ts";
import { parseWorkerMessage } from "../protocol/worker_codec.ts";
import type { WorkerHub } from "./worker_hub.ts";

/** A worker reads the answer to a question before it asks the next, but it may be slow to read. */
const maxUnreadAnswers = 1_000;

/** What happens on the line to a worker. */
export interface WorkerLineEvents {
  onMessage(message: WorkerMessage): void;
  /** It is gone; `fault` says why when the gateway closed it. */
  onClose(fault: string | undefined): void;
}

/** The gateway's end of the connection with one worker, from before there is one. */
export class WorkerLine {
  /** Proves to the hub that it is this worker who connects. */
  readonly token: string;
  readonly #hub: WorkerHub;
  readonly #closed = Promise.withResolvers<void>();
  #writer = new FrameWriter(() => {});
  #connection: Connection | undefined;
  /** The time that the worker takes the next call to be sent at. */
  #sentTicks = -1;
  /** Pings that have not been answered. */
  #pings = 0;
  /** Answers since the last call, or since the worker had read all that there was. */
  #unreadAnswers = 0;

  constructor(hub: WorkerHub, events: WorkerLineEvents) {
    this.#hub = hub;
    this.token = hub.expect({
      onConnect: (connection) => {
        this.#connection = connection;
        this.#writer = new FrameWriter((bytes) => connection.write(bytes));
      },
      onFrame: (frame) => events.onMessage(parseWorkerMessage(frame)),
      onClose: (fault) => {
        this.#closed.resolve();
        events.onClose(fault);
      },
    });
  }

  /** Resolves when nothing more can come; at once when nothing ever came. */
  get drained(): Promise<void> {
    return this.#connection ? this.#closed.promise : Promise.resolve();
  }

  /** Puts a call into the batch of this turn, after the time at which it was sent. */
  sendCall(id: number, call: OwnedCall): void {
    // With large bodies on their way, every call may come so late that the worker asks.
    this.#unreadAnswers = 0;
    this.#sendTime(call.sentMs);
    this.send({ kind: "call", id, call });
  }

  /** Tells the worker whether the call that it has asked about is its own: it may start it now. */
  answer(isItsOwn: boolean, nowMs: number): void {
    this.#expectReader();
    if (!isItsOwn) return this.send({ kind: "drop" });
    this.#sendTime(nowMs);
    this.send({ kind: "go" });
  }

  /** Asks the worker for a sign of life, at once. */
  ping(): void {
    this.#pings += 1;
    this.send({ kind: "ping" });
    this.flush();
  }

  /**
   * The worker has answered a ping.
   * @throws {RuntimeError} `bad_message` when there was none: it might go on so for ever.
   */
  ponged(): void {
    if (this.#pings === 0) throw badMessage("Cannot accept a pong: there was no ping");
    this.#pings -= 1;
  }

  /** Tells our time, at once: how long it travels counts. */
  sendClock(nowMs: number): void {
    this.#expectReader();
    this.send({ kind: "synced", nowMs: toTicks(nowMs) });
    this.flush();
  }

  /** Puts a message into the batch of this turn. */
  send(message: GatewayMessage): void {
    writeGatewayMessage(this.#writer, message);
  }

  /** Sends the batch now. */
  flush(): void {
    this.#writer.flush();
  }

  /** Closes the connection, which tells the worker that it is not needed any more. */
  hangUp(): void {
    this.#connection?.close();
  }

  /** Nobody will connect any more. */
  forget(): void {
    this.#hub.forget(this.token);
  }

  /** Whoever asks without reading would have us keep answers without end. */
  #expectReader(): void {
    if (this.#connection?.pendingBytes === 0) this.#unreadAnswers = 0;
    this.#unreadAnswers += 1;
    if (this.#unreadAnswers <= maxUnreadAnswers) return;
    throw badMessage(
      `Cannot keep more than ${maxUnreadAnswers} answers that the worker does not read`,
    );
  }

  #sendTime(monotonicMs: number): void {
    const ticks = toTicks(monotonicMs);
    if (ticks === this.#sentTicks) return;
    this.#sentTicks = ticks;
    this.send({ kind: "sentAt", nowMs: ticks });
  }
}

/** A monotonic time as it travels: whole milliseconds modulo 2^32. */
function toTicks(monotonicMs: number): number {
  return Math.floor(monotonicMs) >>> 0;
}

function badMessage(message: string): RuntimeError {
  return new RuntimeError("bad_message", message);
}
