import type { OwnedCall } from "../protocol/call.ts";
import type { AbortReason } from "../protocol/messages.ts";
import type { WorkerProcess } from "./worker_process.ts";

/** A place in a worker process, for one call. */
export class ProcessSlot {
  readonly #process: WorkerProcess;
  #id = 0;

  constructor(process: WorkerProcess) {
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  run(call: OwnedCall): void {
    this.#id = this.#process.run(call);
  }

  abort(reason: AbortReason): void {
    this.#process.abort(this.#id, reason);
  }

  /** The call is past its timeout: its process takes no new ones. */
  overdue(): void {
    this.#process.retire();
  }

  /** Ends the process for this call's sake. */
  kill(message: string): void {
    this.#process.killFor(this.#id, message);
  }
}
