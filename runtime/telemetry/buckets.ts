/** Numbers of values by size. One `add` costs a few nanoseconds, so that each request can afford it. */
export class Buckets {
  /** Upper ends, inclusive and ascending; there is one more bucket for what is above all of them. */
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  get sum(): number {
    return this.#sum;
  }

  add(value: number): void {
    const { bounds } = this;
    let index = 0;
    // Most values are small, and a search by halves would be no faster for so few.
    while (index < bounds.length && value > (bounds[index] ?? Infinity)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  /** For each bound, how many values it or a smaller one holds; the last is all of them. */
  cumulative(): readonly number[] {
    let total = 0;
    return Array.from(this.#counts, (count) => total += count);
  }
}
