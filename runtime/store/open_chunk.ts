import { LineBuffer } from "./line_buffer.ts";
import { type PlainLine, writePlainLine } from "./plain_lines.ts";
import { type ChunkHead, maxChunkSpreadMs } from "./trace_chunks.ts";

/** Collects plain lines, and what the recorder has to know of them without a look at each. */
export class OpenChunk {
  readonly #lines = new LineBuffer();
  readonly #places = new Set<number>();
  #count = 0;
  #slowestUs = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  get bytes(): number {
    return this.#lines.bytes;
  }

  /** Whether a line is near enough to the others; the clock may have been set. */
  fits({ firstMs, lastMs }: PlainLine): boolean {
    if (this.#count === 0) return true;
    const spreadMs = Math.max(lastMs, this.#lastMs) - Math.min(firstMs, this.#firstMs);
    return spreadMs <= maxChunkSpreadMs;
  }

  add(line: PlainLine): void {
    const { place, durationUs, firstMs, lastMs } = line;
    writePlainLine(this.#lines, line);
    this.#places.add(place);
    this.#count += 1;
    if (durationUs > this.#slowestUs) this.#slowestUs = durationUs;
    if (firstMs < this.#firstMs) this.#firstMs = firstMs;
    if (lastMs > this.#lastMs) this.#lastMs = lastMs;
  }

  /** Moves its lines to the start of other bytes and begins anew; undefined when it has none. */
  moveTo(target: Uint8Array): ChunkHead | undefined {
    if (this.#count === 0) return undefined;
    const head = {
      firstMs: Math.floor(this.#firstMs),
      lastMs: Math.ceil(this.#lastMs),
      slowestUs: this.#slowestUs,
      count: this.#count,
      places: [...this.#places],
      bytes: this.#lines.bytes,
    };
    this.#lines.moveTo(target, 0);
    this.#places.clear();
    this.#count = 0;
    this.#slowestUs = 0;
    [this.#firstMs, this.#lastMs] = [Infinity, -Infinity];
    return head;
  }
}
