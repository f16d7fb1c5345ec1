/**
 * Finds things by number while there are few of them and they come and go all the time. A `Map` will
 * not do: on Bun, tables it has outgrown lead to the present one, so that a collection of what is
 * young finds everything alive that ever was in it. Nothing here calls a method that task code, which
 * shares the process of a worker, could have replaced.
 */
export class IdTable<T> {
  readonly #ids: number[] = [];
  readonly #items: (T | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds an item under a number that is not taken. */
  add(id: number, item: T): void {
    this.#ids[this.#size] = id;
    this.#items[this.#size] = item;
    this.#size += 1;
  }

  /** The item of a number; undefined when there is none. */
  find(id: number): T | undefined {
    return this.#items[this.#indexOf(id)];
  }

  /** Takes an item out; undefined when it is not there. */
  delete(id: number): T | undefined {
    const index = this.#indexOf(id);
    const item = this.#items[index];
    if (item === undefined) return undefined;
    const last = this.#size - 1;
    this.#ids[index] = this.#ids[last] ?? 0;
    this.#items[index] = this.#items[last];
    this.#items[last] = undefined;
    this.#size = last;
    return item;
  }

  /** All numbers as they are now, in ascending order. */
  ids(): readonly number[] {
    return this.#ids.slice(0, this.#size).sort((a, b) => a - b);
  }

  /** All items as they are now, in the order of their numbers. */
  items(): readonly T[] {
    return this.ids().flatMap((id) => this.find(id) ?? []);
  }

  /** How many items fulfil a condition. */
  count(isCounted: (item: T) => boolean): number {
    let count = 0;
    for (let index = 0; index < this.#size; index++) {
      const item = this.#items[index];
      if (item !== undefined && isCounted(item)) count += 1;
    }
    return count;
  }

  /** Empties the table. */
  clear(): void {
    for (let index = 0; index < this.#size; index++) this.#items[index] = undefined;
    this.#size = 0;
  }

  #indexOf(id: number): number {
    for (let index = 0; index < this.#size; index++) if (this.#ids[index] === id) return index;
    return -1;
  }
}
