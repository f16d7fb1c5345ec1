import type { Connection } from "../platform/platform.ts";
import type { OwnedCall } from "../protocol/call.ts";
import { FrameWriter } from "../protocol/frames.ts";
import { writeGatewayMessage } from "../protocol/gateway_codec.ts";
import type { GatewayMessage, WorkerMessage } from "../protocol/messages.ts";
import { parseWorkerMessage } from "../protocol/worker_codec.ts";
import type { WorkerHub } from "./worker_hub.ts";

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
    this.#sendTime(call.sentMs);
    this.send({ kind: "call", id, call });
  }

  /** Tells the worker whether the call that it has asked about is its own: it may start it now. */
  answer(isItsOwn: boolean, nowMs: number): void {
    if (!isItsOwn) return this.send({ kind: "drop" });
    this.#sendTime(nowMs);
    this.send({ kind: "go" });
  }

  /** Asks the worker for a sign of life, at once. */
  ping(): void {
    this.send({ kind: "ping" });
    this.flush();
  }

  /** Tells our time, at once: how long it travels counts. */
  sendClock(nowMs: number): void {
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
