const firstBufferBytes = 256 * 1024;
/** UTF-8 of a UTF-16 unit. */
const mostBytesPerUnit = 3;

/** Lines are written out at once: thousands of strings would outlive their time otherwise. */
export class LineBuffer {
  #buffer = Buffer.allocUnsafe(firstBufferBytes);
  #used = 0;

  /** How much it holds. */
  get bytes(): number {
    return this.#used;
  }

  add(line: string): void {
    this.#reserve(line.length * mostBytesPerUnit);
    this.#used += this.#buffer.write(line, this.#used, "utf8");
  }

  /** Moves what it holds to a place in other bytes. */
  moveTo(target: Uint8Array, at: number): void {
    target.set(this.#buffer.subarray(0, this.#used), at);
    this.#used = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#used);
    this.#buffer = larger;
  }
}
