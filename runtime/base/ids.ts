const blockBytes = 4096;
const idDigits = 32;
/** What an identifier looks like. */
export const idPattern = /^[0-9a-f]{32}$/;
const noTraceId = "0".repeat(idDigits);

/**
 * Hands out random identifiers of 32 lower-case hex digits. Random bytes are drawn and written out
 * 4 KiB at a time: one system call and one conversion serve 256 identifiers.
 */
export class IdSource {
  #digits = "";
  #next = 0;

  /** A W3C trace ID, never all zero. Source: W3C Trace Context §3.2.2.3. */
  traceId(): string {
    const id = this.#draw();
    return id === noTraceId ? this.traceId() : id;
  }

  /** A request ID. */
  requestId(): string {
    return this.#draw();
  }

  #draw(): string {
    if (this.#next === this.#digits.length) {
      this.#digits = Buffer.from(crypto.getRandomValues(new Uint8Array(blockBytes))).toString(
        "hex",
      );
      this.#next = 0;
    }
    const start = this.#next;
    this.#next += idDigits;
    return this.#digits.slice(start, this.#next);
  }
}
