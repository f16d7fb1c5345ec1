import { LineBuffer } from "./line_buffer.ts";
import { OpenChunk } from "./open_chunk.ts";
import { maxPlainLineBytes, type PlainLine } from "./plain_lines.ts";

/** So many bytes of lines may be on their way or wait for their turn; what is beyond is dropped. */
export const maxKeptBytes = 16 * 1024 * 1024;
/** What is sent and not yet committed: the socket must not hold more than a moment's worth. */
const maxSentBytes = 2 * 1024 * 1024;

/** A batch that so many recorders did not survive is not given to another. */
const maxTries = 3;

/** Lines that are sent together. */
export interface TraceBatch {
  readonly number: number;
  /** What its plain lines are, as JSON; empty where it has none. */
  readonly head: string;
  readonly bytes: Uint8Array;
  readonly lines: number;
  /** When it was complete, on the monotonic clock. */
  readonly madeMs: number;
  /** On the monotonic clock; undefined while it has not been sent. */
  sentMs: number | undefined;
  /** How often it was sent. */
  tries: number;
}

/** Keeps lines until they are known to be in the file, up to a limit. */
export class TraceBatches {
  readonly #chunk = new OpenChunk();
  readonly #buffer = new LineBuffer();
  #lines = 0;
  #number = 0;
  #keptBytes = 0;
  #batches: TraceBatch[] = [];
  #dropped = 0;

  /** Whether nothing is left to be committed. */
  get isEmpty(): boolean {
    return this.openBytes === 0 && this.#batches.length === 0;
  }

  /** The length of the lines that no batch holds yet. */
  get openBytes(): number {
    return this.#chunk.bytes + this.#buffer.bytes;
  }

  /** When the oldest batch was sent that is not committed. */
  get oldestSentMs(): number | undefined {
    return this.#batches[0]?.sentMs;
  }

  /** For how long the oldest batch has waited to be committed. */
  lagMs(nowMs: number): number {
    const [first] = this.#batches;
    return first ? nowMs - first.madeMs : 0;
  }

  /** How many lines have been dropped since the last time it was asked for. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  add(line: string): void {
    if (this.#admits(line.length)) this.#buffer.add(line);
  }

  /** Whether a plain line may be together with those that no batch holds yet. */
  fits(line: PlainLine): boolean {
    return this.#chunk.fits(line);
  }

  addPlain(line: PlainLine): void {
    if (this.#admits(maxPlainLineBytes)) this.#chunk.add(line);
  }

  /** Makes a batch of the lines so far. */
  close(nowMs: number): void {
    const { openBytes } = this;
    if (openBytes === 0) return;
    this.#number += 1;
    const bytes = new Uint8Array(openBytes);
    const chunk = this.#chunk.moveTo(bytes);
    this.#buffer.moveTo(bytes, chunk?.bytes ?? 0);
    const made = { number: this.#number, head: chunk ? JSON.stringify(chunk) : "", madeMs: nowMs };
    this.#batches.push({ ...made, bytes, lines: this.#lines, sentMs: undefined, tries: 0 });
    this.#keptBytes += openBytes;
    this.#lines = 0;
  }

  /** The batches that may be sent now, marked as sent. */
  takeSendable(nowMs: number): readonly TraceBatch[] {
    const taken: TraceBatch[] = [];
    let length = 0;
    for (const batch of this.#batches) {
      length += batch.bytes.length;
      if (batch.sentMs === undefined) {
        // One always may be, however long.
        if (length > maxSentBytes && length > batch.bytes.length) break;
        batch.sentMs = nowMs;
        batch.tries += 1;
        taken.push(batch);
      }
    }
    return taken;
  }

  /** All batches up to the number are in the file. */
  committed(number: number): void {
    while (this.#batches[0] && this.#batches[0].number <= number) {
      this.#keptBytes -= this.#batches.shift()?.bytes.length ?? 0;
    }
  }

  /** Nobody knows what became of the batches that were sent: they are to be sent again. */
  unsend(): void {
    const [first] = this.#batches;
    if (first?.sentMs !== undefined && first.tries >= maxTries) {
      this.#dropped += first.lines;
      this.committed(first.number);
    }
    for (const batch of this.#batches) batch.sentMs = undefined;
  }

  #admits(bytes: number): boolean {
    const hasRoom = this.#keptBytes + this.openBytes + bytes <= maxKeptBytes;
    if (hasRoom) this.#lines += 1;
    else this.#dropped += 1;
    return hasRoom;
  }
}
