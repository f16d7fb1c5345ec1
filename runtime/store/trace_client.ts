import type { CancelTimer, Clock } from "../base/clock.ts";
import { settlesWithin } from "../base/deadline.ts";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Child, Connection } from "../platform/platform.ts";
import { type Frame, FrameWriter } from "../protocol/frames.ts";
import type { Recorder } from "../protocol/records.ts";
import { type LineSink, RecordLines } from "./record_lines.ts";
import type { PlainLine } from "./plain_lines.ts";
import { recorderFrames } from "./recorder_frames.ts";
import { TraceBatches } from "./trace_batches.ts";
import type { Place } from "./trace_lines.ts";
import { TraceQuestions } from "./trace_questions.ts";
import type { TraceReader } from "./trace_reader.ts";

/** How long lines are collected; the recorder commits them at once. */
const collectMs = 50;
/** So many bytes need no further company. */
const fullBytes = 256 * 1024;
/** A recorder that has committed nothing for this long is replaced. */
const stuckMs = 10_000;
const firstRestartMs = 100;
const longestRestartMs = 10_000;
/** One that lived this long did not die of how it was started. */
const soundMs = 10_000;
const dropReportMs = 1_000;
const pollMs = 10;

/** What happens to a recorder, before and after it has connected. */
export interface RecorderEvents {
  onConnect(connection: Connection): void;
  onFrame(frame: Frame): void;
  onClose(fault: string | undefined): void;
}

/** What a client needs. */
export interface TraceClientOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Starts a process, which then connects; throws where the system refuses. */
  start(events: RecorderEvents): Child;
}

/**
 * The gateway's side of its recorder: collects lines, sends them in batches, and keeps each until it
 * is in the file. A recorder that dies is started again and given what the last one had not
 * committed. Nothing here waits: what is too much is dropped and counted.
 */
export class TraceClient implements LineSink {
  readonly recorder: Recorder;
  readonly #lines: RecordLines;
  readonly #options: TraceClientOptions;
  readonly #batches = new TraceBatches();
  readonly #places: Place[] = [];
  readonly #questions = new TraceQuestions((id, head) =>
    this.#writer?.write(recorderFrames.question, id, { head })
  );
  #child: Child | undefined;
  #connection: Connection | undefined;
  #writer: FrameWriter | undefined;
  #cancelCollect: CancelTimer | undefined;
  #cancelRestart: CancelTimer | undefined;
  #restartMs = firstRestartMs;
  #startedMs = 0;
  #isClosed = false;
  #isDropReportDue = false;

  constructor(options: TraceClientOptions) {
    this.#options = options;
    this.#lines = new RecordLines(this, options.clock);
    this.recorder = this.#lines;
    this.#start();
  }

  /** Answers from the recorder's process: a search never holds up the gateway. */
  get reader(): TraceReader {
    return this.#questions;
  }

  /** For how long the oldest line has waited to reach the file. */
  get lagMs(): number {
    return this.#batches.lagMs(this.#options.clock.monotonicMs());
  }

  line(text: string): void {
    this.#batches.add(text);
    this.#added();
  }

  plain(line: PlainLine): void {
    if (!this.#batches.fits(line)) this.#flush();
    this.#batches.addPlain(line);
    this.#added();
  }

  soon(): void {
    this.#cancelCollect ??= this.#options.clock.after(collectMs, this.#collect);
  }

  readonly #collect = (): void => {
    this.#lines.settle();
    this.#flush();
  };

  place(number: number, place: Place): void {
    this.#places.push(place);
    this.#sendPlace(number, place);
  }

  /** Waits until all that was recorded is in the file, at most `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    this.#lines.settle();
    this.#flush();
    if (await this.#settles(() => this.#batches.isEmpty, timeoutMs)) return;
    const note = "the recorder did not take the last records";
    this.#options.log.warn("traces.lost", { note });
  }

  /** Ends the recorder, by force where it does not within `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    this.#cancelCollect?.();
    this.#cancelRestart?.();
    this.#connection?.close();
    this.#questions.fail("the server stops");
    const child = this.#child;
    if (!child) return;
    if (!await settlesWithin(child.exited, timeoutMs)) child.kill("SIGKILL");
    await child.exited;
  }

  async #settles(isDone: () => boolean, timeoutMs: number): Promise<boolean> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + timeoutMs;
    while (!isDone() && clock.monotonicMs() < endMs) {
      await new Promise<void>((resolve) => clock.after(pollMs, resolve));
    }
    return isDone();
  }

  #added(): void {
    if (this.#batches.openBytes >= fullBytes) this.#flush();
    else this.soon();
  }

  #flush(): void {
    this.#cancelCollect?.();
    this.#cancelCollect = undefined;
    this.#batches.close(this.#options.clock.monotonicMs());
    this.#send();
    this.#reportDropped();
    this.#replaceStuck();
  }

  #send(): void {
    const writer = this.#writer;
    if (!writer) return;
    const { clock } = this.#options;
    for (const { number, head, bytes } of this.#batches.takeSendable(clock.monotonicMs())) {
      writer.write(recorderFrames.batch, number, { head, body: bytes });
    }
    writer.flush();
  }

  #sendPlace(number: number, place: Place): void {
    this.#writer?.write(recorderFrames.place, number, { head: JSON.stringify(place) });
  }

  #reportDropped(): void {
    if (this.#isDropReportDue) return;
    const lines = this.#batches.takeDropped();
    if (lines === 0) return;
    this.#isDropReportDue = true;
    this.#options.log.warn("traces.dropped", { lines, note: "the recorder is behind" });
    this.#options.clock.after(dropReportMs, () => {
      this.#isDropReportDue = false;
      if (!this.#isClosed) this.#reportDropped();
    });
  }

  #replaceStuck(): void {
    const { clock, log } = this.#options;
    const sentMs = this.#batches.oldestSentMs;
    if (sentMs === undefined || clock.monotonicMs() - sentMs < stuckMs) return;
    log.warn("recorder.stuck", { pid: this.#child?.pid });
    this.#batches.unsend();
    this.#child?.kill("SIGKILL");
  }

  #start(): void {
    const { clock, log, start } = this.#options;
    this.#startedMs = clock.monotonicMs();
    try {
      const child = start({
        onConnect: (connection) => this.#connected(connection),
        onFrame: (frame) => this.#receive(frame),
        onClose: () => this.#disconnected(),
      });
      this.#child = child;
      void child.exited.then(({ code, signal }) => {
        this.#disconnected();
        this.#child = undefined;
        if (!this.#isClosed) this.#restartLater({ pid: child.pid, code, signal });
      });
    } catch (error) {
      log.error("recorder.start_failed", { reason: messageOf(error) });
      this.#restartLater({});
    }
  }

  #restartLater(how: Readonly<Record<string, unknown>>): void {
    const { clock, log } = this.#options;
    if (clock.monotonicMs() - this.#startedMs >= soundMs) this.#restartMs = firstRestartMs;
    const inMs = this.#restartMs;
    log.warn("recorder.ended", { ...how, restartInMs: inMs });
    this.#restartMs = Math.min(longestRestartMs, inMs * 2);
    this.#cancelRestart = clock.after(inMs, () => this.#start());
  }

  #connected(connection: Connection): void {
    this.#connection = connection;
    // The writer uses its buffer again, while a connection may keep what it is given.
    this.#writer = new FrameWriter((bytes) => connection.write(new Uint8Array(bytes)));
    this.#places.forEach((place, index) => this.#sendPlace(index + 1, place));
    this.#batches.unsend();
    this.#questions.repeat();
    this.#send();
  }

  #disconnected(): void {
    this.#connection = undefined;
    this.#writer = undefined;
    this.#batches.unsend();
    this.#questions.fail("the recorder has ended");
  }

  #receive({ kind, id, head, body }: Frame): void {
    switch (kind) {
      case recorderFrames.committed:
        this.#batches.committed(id);
        return this.#send();
      case recorderFrames.answer:
        return this.#questions.answer(id, Buffer.from(body).toString("utf8"));
      case recorderFrames.refusal:
        return this.#questions.refuse(id, head);
      default:
        throw new RuntimeError("bad_message", `Cannot read a frame of kind ${kind}`);
    }
  }
}
