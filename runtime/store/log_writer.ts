import { delay, settlesWithin } from "../base/deadline.ts";
import type { Platform } from "../platform/platform.ts";

/** UTF-16 units of lines that wait behind a write: a stalled reader must not fill the memory. */
const maxWaitingLength = 1024 * 1024;
/** Between two tries to write to a pipe that is full and lets no writer wait. */
const retryMs = 20;

/** Where lines of the log go. */
export interface LogOutput {
  /** Takes whole lines, each with its end. */
  write(lines: string): void;
}

/** What a writer writes to, and whom it tells of what it could not write. */
export interface LogWriterOptions {
  readonly platform: Pick<Platform, "writeSome">;
  /** Lines were lost because nobody took them, and now somebody does. */
  onDropped(lines: number): void;
}

/**
 * Writes to standard error and never waits for it: a reader that stalls costs lines of the log, not
 * requests. Lines that come during a write leave together after it.
 */
export class LogWriter implements LogOutput {
  readonly #options: LogWriterOptions;
  #waiting = "";
  #dropped = 0;
  /** Settles when nothing waits; undefined when nothing is being written. */
  #writing: Promise<void> | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  write(lines: string): void {
    if (this.#waiting.length + lines.length > maxWaitingLength) {
      this.#dropped += countLines(lines);
      return;
    }
    this.#waiting += lines;
    this.#writing ??= this.#writeAll();
  }

  /** Waits until all lines have been taken, at most `timeoutMs`; says whether they were. */
  async flush(timeoutMs: number): Promise<boolean> {
    return this.#writing === undefined || await settlesWithin(this.#writing, timeoutMs);
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== "") {
      const [lines, dropped] = [this.#waiting, this.#dropped];
      // From here on there is room again: what is dropped later comes after these lines.
      [this.#waiting, this.#dropped] = ["", 0];
      if (!await this.#write(lines)) this.#dropped += dropped + countLines(lines);
      else if (dropped > 0) this.#options.onDropped(dropped);
    }
    this.#writing = undefined;
  }

  /** Says whether all of it was taken. */
  async #write(lines: string): Promise<boolean> {
    let bytes: Uint8Array = Buffer.from(lines);
    try {
      while (bytes.length > 0) {
        const taken = await this.#options.platform.writeSome("stderr", bytes);
        if (taken === 0) await delay(retryMs);
        bytes = bytes.subarray(taken);
      }
      return true;
    } catch {
      // The reader has gone, or the disk is full: there is nobody to tell, and requests go on.
      return false;
    }
  }
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}
