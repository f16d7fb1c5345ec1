/** Text up to this length is on its way or waits for its turn; what comes beyond it is dropped. */
export const maxKeptLength = 16 * 1024 * 1024;
/** What is sent and not yet committed: the socket must not hold more than a moment's worth. */
const maxSentLength = 2 * 1024 * 1024;

/** A batch that so many recorders did not survive is not given to another. */
const maxTries = 3;

/** Lines that are sent together. */
export interface TraceBatch {
  readonly number: number;
  readonly text: string;
  /** On the monotonic clock; undefined while it has not been sent. */
  sentMs: number | undefined;
  /** How often it was sent. */
  tries: number;
}

/** Keeps lines until they are known to be in the file, up to a limit. */
export class TraceBatches {
  #text = "";
  #number = 0;
  #keptLength = 0;
  #batches: TraceBatch[] = [];
  #dropped = 0;

  /** Whether nothing is left to be committed. */
  get isEmpty(): boolean {
    return this.#text === "" && this.#batches.length === 0;
  }

  /** The length of the lines that no batch holds yet. */
  get openLength(): number {
    return this.#text.length;
  }

  /** When the oldest batch was sent that is not committed. */
  get oldestSentMs(): number | undefined {
    return this.#batches[0]?.sentMs;
  }

  /** How many lines have been dropped since the last time it was asked for. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  add(line: string): void {
    if (this.#keptLength + line.length > maxKeptLength) {
      this.#dropped += 1;
      return;
    }
    this.#text += line;
    this.#keptLength += line.length;
  }

  /** Makes a batch of the lines so far. */
  close(): void {
    if (this.#text === "") return;
    this.#number += 1;
    this.#batches.push({ number: this.#number, text: this.#text, sentMs: undefined, tries: 0 });
    this.#text = "";
  }

  /** The batches that may be sent now, marked as sent. */
  takeSendable(nowMs: number): readonly TraceBatch[] {
    const taken: TraceBatch[] = [];
    let length = 0;
    for (const batch of this.#batches) {
      length += batch.text.length;
      if (batch.sentMs === undefined) {
        // One always may be, however long.
        if (length > maxSentLength && length > batch.text.length) break;
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
      this.#keptLength -= this.#batches.shift()?.text.length ?? 0;
    }
  }

  /** Nobody knows what became of the batches that were sent: they are to be sent again. */
  unsend(): void {
    const [first] = this.#batches;
    if (first?.sentMs !== undefined && first.tries >= maxTries) {
      this.#dropped += first.text.split("\n").length - 1;
      this.committed(first.number);
    }
    for (const batch of this.#batches) batch.sentMs = undefined;
  }
}
