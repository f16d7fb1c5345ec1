import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { markBytes, markInUse } from "../protocol/start_mark.ts";

/** The file through which a worker shows which calls it has started: see `protocol/start_mark.ts`. */
export class MarkFile {
  readonly path: string;
  readonly #file: number;
  readonly #bytes = Buffer.alloc(markBytes);
  #isOpen = true;

  /** @throws when there is no room for it, or no file handle; nothing is left of it then. */
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "wx+", 0o600);
    try {
      writeSync(this.#file, new Uint8Array(markBytes));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * The id of the last call that has been started; 0 before the first. Infinite when the process could
   * not map the file: whatever it was sent may have been started.
   */
  read(): number {
    readSync(this.#file, this.#bytes, 0, markBytes, 0);
    return this.#bytes.readUInt32LE(0) === markInUse ? this.#bytes.readUInt32LE(4) : Infinity;
  }

  /** Removes the file; may be called twice. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
    unlinkSync(this.path);
  }
}
