import type { PlainLine } from "../../runtime/store/plain_lines.ts";
import type { LineSink } from "../../runtime/store/record_lines.ts";
import { TraceBatches } from "../../runtime/store/trace_batches.ts";
import { type Batch, readBatch } from "../../runtime/store/trace_chunks.ts";
import type { Place } from "../../runtime/store/trace_lines.ts";
import type { TraceWriter } from "../../runtime/store/trace_writer.ts";

/** Carries lines to a writer as a gateway and its recorder do, without the two. */
export class TraceFeed implements LineSink {
  readonly #writer: TraceWriter;
  readonly #batches = new TraceBatches();

  constructor(writer: TraceWriter) {
    this.#writer = writer;
  }

  line(text: string): void {
    this.#batches.add(text);
  }

  plain(line: PlainLine): void {
    if (!this.#batches.fits(line)) this.#batches.close(0);
    this.#batches.addPlain(line);
  }

  soon(): void {}

  place(number: number, place: Place): void {
    this.#writer.definePlace(number, place);
  }

  /** Takes what is to be written. */
  take(): readonly Batch[] {
    this.#batches.close(0);
    const taken: Batch[] = [];
    while (!this.#batches.isEmpty) {
      for (const { number, head, bytes } of this.#batches.takeSendable(0)) {
        taken.push(readBatch(number, { head, body: bytes }));
        this.#batches.committed(number);
      }
    }
    return taken;
  }

  commit(): void {
    this.#writer.write(this.take());
  }
}
