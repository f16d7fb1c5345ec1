import { BrokenSlot } from "./broken_slot.ts";
import type { Newcomers } from "./newcomers.ts";
import type { SlotRequest } from "./pool_options.ts";
import { ProcessSlot } from "./process_slot.ts";
import type { Queue } from "./queue.ts";
import type { Roster } from "./roster.ts";
import type { TaskShapes } from "./task_shapes.ts";

/** Where places are found. */
export interface SlotFinderOptions {
  readonly roster: Roster;
  readonly shapes: TaskShapes;
  readonly queue: Queue<SlotRequest>;
  readonly newcomers: Newcomers;
  /** A process is about to be given a call. */
  onFound(): void;
}

/** Finds places for requests. */
export class SlotFinder {
  readonly #options: SlotFinderOptions;

  constructor(options: SlotFinderOptions) {
    this.#options = options;
  }

  /** A place in a process; undefined when there is none now. */
  find(request: SlotRequest): ProcessSlot | BrokenSlot | undefined {
    const { roster, shapes, onFound } = this.#options;
    const failure = shapes.deadlyFailure(request.task);
    if (failure) return new BrokenSlot(failure);
    const process = request.needsNewProcess
      ? roster.findUnused(request)
      : roster.findShared(request);
    if (!process) return undefined;
    onFound();
    return new ProcessSlot(process);
  }

  /** Where a request has to wait. */
  queueOf({ needsNewProcess }: SlotRequest): Queue<SlotRequest> {
    const { queue, newcomers } = this.#options;
    return needsNewProcess ? newcomers.queue : queue;
  }

  /** Serves those who wait for a place in a shared process, in order. */
  serveShared(): void {
    this.#serve(this.#options.queue);
  }

  /** Serves all who wait. */
  serveAll(): void {
    this.#serve(this.#options.newcomers.queue);
    this.serveShared();
  }

  /** A task at its own limit does not hold up the others. */
  #serve(queue: Queue<SlotRequest>): void {
    const { size } = queue;
    for (let request = queue.first, seen = 0; request && seen < size; seen += 1) {
      const slot = this.find(request);
      const next: SlotRequest | undefined = request.queuedAfter;
      if (slot) {
        queue.delete(request);
        request.onSlot(slot);
      } else if (!this.#hasRoomFor(request)) {
        return;
      }
      // Serving one may have taken others out: then from the beginning, as far as there is one.
      request = slot && next && !next.isQueued ? queue.first : next;
    }
  }

  /** Whether another request of its kind might find a place. */
  #hasRoomFor({ needsNewProcess }: SlotRequest): boolean {
    const { roster } = this.#options;
    return needsNewProcess ? roster.countUnused() > 0 : roster.hasSharedRoom();
  }
}
