import type { SlotRequest } from "./pool_options.ts";
import { Queue } from "./queue.ts";

/** The further attempts of requests: those that wait for a new process, and those that will soon. */
export class Newcomers {
  readonly queue = new Queue<SlotRequest>();
  readonly #expected = new Set<SlotRequest>();

  /** How many new processes are wanted. */
  get size(): number {
    return this.queue.size + this.#expected.size;
  }

  /** A request will come in a moment. */
  expect(request: SlotRequest): void {
    this.#expected.add(request);
  }

  /** A request that was expected has come, or will not. */
  arrived(request: SlotRequest): void {
    if (this.#expected.size > 0) this.#expected.delete(request);
  }

  /** Those who will be left when so many have got a process: who waits comes first. */
  beyond(count: number): readonly SlotRequest[] {
    return [...this.queue, ...this.#expected].slice(count);
  }

  /** Empties it; returns who waited. */
  takeAll(): readonly SlotRequest[] {
    this.#expected.clear();
    return this.queue.takeAll();
  }
}
