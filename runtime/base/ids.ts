const poolBytes = 4096;
const traceIdBytes = 16;

/**
 * Hands out random identifiers. Random bytes are drawn 4 KiB at a time: one system call serves 256
 * identifiers.
 */
export class IdSource {
  readonly #bytes = Buffer.allocUnsafe(poolBytes);
  #next = poolBytes;

  /** A W3C trace ID: 32 lower-case hex digits, never all zero. Source: W3C Trace Context §3.2.2.3. */
  traceId(): string {
    const id = this.#hex(traceIdBytes);
    return id === "00000000000000000000000000000000" ? this.traceId() : id;
  }

  /** A request ID: 32 lower-case hex digits. */
  requestId(): string {
    return this.#hex(traceIdBytes);
  }

  #hex(bytes: number): string {
    if (this.#next + bytes > poolBytes) {
      crypto.getRandomValues(this.#bytes);
      this.#next = 0;
    }
    const start = this.#next;
    this.#next += bytes;
    return this.#bytes.toString("hex", start, this.#next);
  }
}
