import { delay } from "../../base/deadline.ts";
import type { Platform } from "../../platform/platform.ts";

/** How long to leave a reader that has not caught up. */
const fullPipeMs = 5;

/** Writes lines to standard output for as long as somebody reads them. */
export class LineOutput {
  readonly #platform: Pick<Platform, "writeSome">;
  #isClosed = false;

  constructor(platform: Pick<Platform, "writeSome">) {
    this.#platform = platform;
  }

  /** Whether the reader has gone, as `head` does once it has enough. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Writes lines in order, at the pace of the reader. */
  async write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    let bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
    while (bytes.length > 0 && !this.#isClosed) {
      const taken = await this.#writeSome(bytes);
      bytes = bytes.subarray(taken);
      if (taken === 0) await delay(fullPipeMs);
    }
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    try {
      return await this.#platform.writeSome("stdout", bytes);
    } catch {
      // Whoever read has gone: no error, they have what they wanted.
      this.#isClosed = true;
      return bytes.length;
    }
  }
}
