import { systemClock } from "../base/clock.ts";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { Connection, Platform } from "../platform/platform.ts";
import { asRecord, parseJson } from "../protocol/fields.ts";
import { type Frame, FrameReader, FrameWriter } from "../protocol/frames.ts";
import { writeWorkerMessage } from "../protocol/worker_codec.ts";
import { isGatewayDead, listGatewayLocks, removeGatewayLock } from "./gateway_locks.ts";
import { parseRecorderBoot, type RecorderBoot, recorderFrames } from "./recorder_frames.ts";
import { Retention } from "./retention.ts";
import { openTraceReader } from "./trace_file_reader.ts";
import { type Batch, readBatch } from "./trace_chunks.ts";
import { readPlace } from "./trace_lines.ts";
import type { TraceQuestion } from "./trace_questions.ts";
import type { TraceReader } from "./trace_reader.ts";
import { TraceWriter } from "./trace_writer.ts";

/** Between two looks at what is too old or too much. */
const retentionMs = 1_000;
/** Between two steps, while there is more of it: the gateway's batches come first. */
const retentionStepMs = 20;
/** The end of a gateway shows on its connection before its lock is free. */
const lockTimeoutMs = 3_000;
const lockPollMs = 20;
/** For everything that is left to do once the gateway is gone. */
const endTimeoutMs = 10_000;
const interrupted = "its gateway ended while it ran";

/**
 * The recorder role: writes what its gateway tells into the file of traces until the gateway hangs
 * up or dies, then marks what that left running, and ends. It outlives a gateway that is killed.
 */
export async function runRecorder(platform: Platform): Promise<void> {
  const boot = parseRecorderBoot(await platform.readStdin());
  // A Ctrl-C reaches the whole process group, a stop the whole service; only the gateway decides.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    platform.onSignal(signal, () => {});
  }
  const recorder = new RecorderProcess(boot, platform);
  const connection = await platform.connect(boot.socket, {
    onData: (bytes) => recorder.receive(bytes),
    onClose: () => void recorder.end(),
  });
  recorder.start(connection);
}

/** One connection with a gateway, from its first batch to what it leaves behind. */
class RecorderProcess {
  readonly #boot: RecorderBoot;
  readonly #platform: Platform;
  readonly #store: TraceWriter;
  readonly #retention: Retention;
  readonly #traces: TraceReader;
  readonly #input = new FrameReader((frame) => this.#handle(frame));
  #writer = new FrameWriter(() => {});
  /** Came and are not yet committed. */
  #batches: Batch[] = [];
  #isEnding = false;

  constructor(boot: RecorderBoot, platform: Platform) {
    this.#boot = boot;
    this.#platform = platform;
    this.#store = new TraceWriter(boot.folder, boot.gateway);
    this.#retention = new Retention(this.#store.database, boot);
    this.#traces = openTraceReader(boot.folder);
  }

  start(connection: Connection): void {
    // The writer uses its buffer again, while a connection may keep what it is given.
    this.#writer = new FrameWriter((bytes) => connection.write(new Uint8Array(bytes)));
    writeWorkerMessage(this.#writer, { kind: "hello", token: this.#boot.token });
    this.#writer.flush();
    this.#interruptDead();
    this.#retainLater(retentionStepMs);
  }

  receive(bytes: Uint8Array): void {
    this.#input.push(bytes);
    this.#commit();
  }

  /** The gateway has hung up, or is dead. */
  async end(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    systemClock.after(endTimeoutMs, () => this.#platform.exit(1));
    const { folder, gateway } = this.#boot;
    const endMs = systemClock.monotonicMs() + lockTimeoutMs;
    while (!isGatewayDead(folder, gateway, this.#platform)) {
      // It lives, and has started another recorder: what runs is that one's.
      if (systemClock.monotonicMs() > endMs) this.#platform.exit(0);
      await new Promise<void>((resolve) => systemClock.after(lockPollMs, resolve));
    }
    this.#interruptDead();
    await this.#traces.close();
    this.#store.close();
    this.#platform.exit(0);
  }

  #handle({ kind, id, head, body }: Frame): void {
    switch (kind) {
      case recorderFrames.place:
        return this.#store.definePlace(id, readPlace(head));
      case recorderFrames.batch:
        this.#batches.push(readBatch(id, { head, body }));
        return;
      case recorderFrames.question:
        return void this.#answer(id, head);
      default:
        throw new RuntimeError("bad_message", `Cannot read a frame of kind ${kind}`);
    }
  }

  #commit(): void {
    const last = this.#batches.at(-1);
    if (!last) return;
    const batches = this.#batches;
    this.#batches = [];
    this.#store.write(batches);
    this.#writer.write(recorderFrames.committed, last.number, { head: "" });
    this.#writer.flush();
  }

  async #answer(id: number, question: string): Promise<void> {
    // What was told before the question is part of the answer.
    this.#commit();
    try {
      const answer = await this.#ask(toQuestion(parseJson(question)));
      const body = answer === undefined ? "" : JSON.stringify(answer);
      this.#writer.write(recorderFrames.answer, id, { head: "", body });
    } catch (error) {
      this.#writer.write(recorderFrames.refusal, id, { head: messageOf(error) });
    }
  }

  #ask(question: TraceQuestion): Promise<unknown> {
    switch (question.name) {
      case "traces":
        return this.#traces.traces(question.filter);
      case "find":
        return this.#traces.find(question.id);
      case "logs":
        return this.#traces.logs(question.filter);
      default:
        throw new RuntimeError("bad_message", "Cannot answer a question of another kind");
    }
  }

  /** Marks what gateways left running that are dead, ours among them once it is. */
  #interruptDead(): void {
    const { folder } = this.#boot;
    const known = this.#store.gateways();
    for (const { id, name } of known) {
      if (!isGatewayDead(folder, name, this.#platform)) continue;
      this.#store.interrupt(id, interrupted);
      removeGatewayLock(folder, name);
    }
    for (const name of listGatewayLocks(folder, systemClock.wallMs())) {
      const isKnown = known.some((gateway) => gateway.name === name);
      if (!isKnown && isGatewayDead(folder, name, this.#platform)) removeGatewayLock(folder, name);
    }
  }

  #retainLater(delayMs: number): void {
    systemClock.after(delayMs, () => {
      if (this.#isEnding) return;
      const hasMore = this.#retention.step(systemClock.wallMs());
      this.#retainLater(hasMore ? retentionStepMs : retentionMs);
    });
  }
}

function toQuestion(value: unknown): TraceQuestion {
  const question = asRecord(value, "question");
  if (isQuestion(question)) return question;
  throw new RuntimeError("bad_message", "Cannot answer a question of another kind");
}

function isQuestion(question: Record<string, unknown>): question is TraceQuestion {
  return question["name"] === "traces" || question["name"] === "find" ||
    question["name"] === "logs";
}
