const firstBufferBytes = 256 * 1024;
/** UTF-8 of a UTF-16 unit. */
const mostBytesPerUnit = 3;
const zero = "0".charCodeAt(0);
const comma = ",".charCodeAt(0);
/** What is below it is reckoned with as whole numbers of 32 bits. */
const billion = 1_000_000_000;
const billionDigits = 9;
const mostDigits = 16;

/** Lines are written out at once: thousands of strings would outlive their time otherwise. */
export class LineBuffer {
  #buffer: Buffer;
  #used = 0;

  constructor(bytes = firstBufferBytes) {
    this.#buffer = Buffer.allocUnsafe(bytes);
  }

  /** How much it holds. */
  get bytes(): number {
    return this.#used;
  }

  add(line: string): void {
    this.#reserve(line.length * mostBytesPerUnit);
    this.#used += this.#buffer.write(line, this.#used, "utf8");
  }

  /** Adds a few characters of ASCII: a call into the runtime would cost more than they do. */
  mark(text: string): void {
    this.#reserve(text.length);
    for (let at = 0; at < text.length; at++) this.#buffer[this.#used + at] = text.charCodeAt(at);
    this.#used += text.length;
  }

  /** Adds a number as JSON has it, or `null`; without a string for it. */
  number(value: number | null): void {
    if (value === null) return this.mark("null");
    if (!Number.isSafeInteger(value) || value < 0) return this.add(JSON.stringify(value));
    this.#reserve(mostDigits);
    if (value < billion) return this.#digits(value, countDigits(value));
    const high = Math.floor(value / billion);
    this.#digits(high, countDigits(high));
    this.#digits(value - high * billion, billionDigits);
  }

  /** Adds a comma and a number. */
  next(value: number | null): void {
    this.#reserve(1);
    this.#buffer[this.#used++] = comma;
    this.number(value);
  }

  /** What it holds, as text. */
  toString(): string {
    return this.#buffer.toString("utf8", 0, this.#used);
  }

  /** Moves what it holds to a place in other bytes. */
  moveTo(target: Uint8Array, at: number): void {
    target.set(this.#buffer.subarray(0, this.#used), at);
    this.#used = 0;
  }

  #digits(value: number, count: number): void {
    let rest = value | 0;
    for (let at = this.#used + count - 1; at >= this.#used; at--) {
      const tens = (rest / 10) | 0;
      this.#buffer[at] = zero + rest - tens * 10;
      rest = tens;
    }
    this.#used += count;
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#used);
    this.#buffer = larger;
  }
}

function countDigits(value: number): number {
  let count = 1;
  for (let limit = 10; limit <= value; limit *= 10) count += 1;
  return count;
}
