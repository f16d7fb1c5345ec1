/** What can stand in a queue, in one at a time. The fields are the queue's own. */
export interface Queued<T> {
  queuedBefore: T | undefined;
  queuedAfter: T | undefined;
  isQueued: boolean;
}

/**
 * A queue whose items may leave from anywhere. They carry their own links, so that passing through
 * allocates nothing: a `Set` that turns over with every request is rebuilt all the time.
 */
export class Queue<T extends Queued<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Who has waited longest; its `queuedAfter` is next. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Appends an item that is in no queue. */
  add(item: T): void {
    item.isQueued = true;
    item.queuedBefore = this.#last;
    item.queuedAfter = undefined;
    if (this.#last) this.#last.queuedAfter = item;
    else this.#first = item;
    this.#last = item;
    this.#size += 1;
  }

  /** Puts an item that is in no queue before all others. */
  addFirst(item: T): void {
    item.isQueued = true;
    item.queuedBefore = undefined;
    item.queuedAfter = this.#first;
    if (this.#first) this.#first.queuedBefore = item;
    else this.#last = item;
    this.#first = item;
    this.#size += 1;
  }

  /** Takes an item out; one that is not in the queue is left alone. */
  delete(item: T): void {
    if (!item.isQueued) return;
    item.isQueued = false;
    if (item.queuedBefore) item.queuedBefore.queuedAfter = item.queuedAfter;
    else this.#first = item.queuedAfter;
    if (item.queuedAfter) item.queuedAfter.queuedBefore = item.queuedBefore;
    else this.#last = item.queuedBefore;
    item.queuedBefore = undefined;
    item.queuedAfter = undefined;
    this.#size -= 1;
  }

  /** Who is in it, in order. */
  *[Symbol.iterator](): Generator<T> {
    for (let item = this.#first; item; item = item.queuedAfter) yield item;
  }

  /** Empties the queue; returns who was in it, in order. */
  takeAll(): T[] {
    const items: T[] = [];
    while (this.#first) {
      items.push(this.#first);
      this.delete(this.#first);
    }
    return items;
  }
}
