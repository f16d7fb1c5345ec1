/** Something that knows its place in a bag. */
export interface BagItem {
  /** Written by the bag alone; -1 while the item is in none. */
  bagIndex: number;
}

/**
 * A set of objects in no order. Items carry their own place, so that adding and deleting allocate
 * nothing: a `Set` that turns over with every request is rebuilt all the time.
 */
export class Bag<T extends BagItem> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Adds an item that is in no bag. */
  add(item: T): void {
    item.bagIndex = this.#items.push(item) - 1;
  }

  /** Takes an item out; one that is not in the bag is left alone. */
  delete(item: T): void {
    const index = item.bagIndex;
    if (this.#items[index] !== item) return;
    const last = this.#items.pop();
    item.bagIndex = -1;
    if (last === undefined || last === item) return;
    this.#items[index] = last;
    last.bagIndex = index;
  }

  /** The items as they are now: the copy may be walked while items come and go. */
  toArray(): T[] {
    return [...this.#items];
  }
}
