import { countOf } from "../base/count_of.ts";
import type { CallIds } from "../protocol/call.ts";
import { maxOutputChars, type OutputLine } from "../protocol/messages.ts";
import type { TaskOutput } from "../protocol/records.ts";

const maxTailChars = 4 * 1024;
/** What belongs to no invocation has no other limit: beyond it, lines of a process are counted. */
const maxLinesPerSecond = 500;

/** Cuts what a process writes into bounded lines, and keeps the end of its standard error. */
export class OutputLines {
  readonly #pid: number;
  readonly #emit: (output: TaskOutput) => void;
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  readonly #rest = { stdout: "", stderr: "" };
  #tail = "";
  #second = 0;
  #linesThisSecond = 0;
  #dropped = 0;

  constructor(pid: number, emit: (output: TaskOutput) => void) {
    this.#pid = pid;
    this.#emit = emit;
  }

  /** The last of what the process wrote to standard error. */
  get errorTail(): string | undefined {
    return this.#tail === "" ? undefined : this.#tail;
  }

  /** Passes a line of `console` on; `call` is undefined when it belongs to no invocation. */
  print(line: OutputLine, call: CallIds | undefined): void {
    const output = { pid: this.#pid, stream: "console", ...line } as const;
    // Those of an invocation were counted in its process.
    if (call) this.#emit({ ...output, calls: [call] });
    else this.#limited({ ...output, calls: [] });
  }

  /** Takes raw bytes of standard output or error. */
  push(stream: "stdout" | "stderr", bytes: Uint8Array, calls: TaskOutput["calls"]): void {
    const text = this.#decoders[stream].decode(bytes, { stream: true });
    if (stream === "stderr") this.#tail = (this.#tail + text).slice(-maxTailChars);
    const lines = (this.#rest[stream] + text).split("\n");
    this.#rest[stream] = (lines.pop() ?? "").slice(0, maxOutputChars);
    for (const line of lines) this.#raw(stream, line, calls);
  }

  /** Passes on what did not end with a newline. */
  end(): void {
    for (const stream of ["stdout", "stderr"] as const) {
      if (this.#rest[stream] !== "") this.#raw(stream, this.#rest[stream], []);
      this.#rest[stream] = "";
    }
    this.#reportDropped();
  }

  #raw(stream: "stdout" | "stderr", line: string, calls: TaskOutput["calls"]): void {
    const level = stream === "stderr" ? "warn" : "info";
    const text = line.slice(0, maxOutputChars);
    this.#limited({ pid: this.#pid, stream, level, text, calls });
  }

  #limited(output: TaskOutput): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#reportDropped();
      this.#second = second;
      this.#linesThisSecond = 0;
    }
    this.#linesThisSecond += 1;
    if (this.#linesThisSecond > maxLinesPerSecond) this.#dropped += 1;
    else this.#emit(output);
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return;
    const text = `dropped ${countOf(this.#dropped, "more line")} of no invocation: ` +
      `the limit is ${maxLinesPerSecond} a second`;
    this.#dropped = 0;
    this.#emit({ pid: this.#pid, stream: "stderr", level: "warn", text, calls: [] });
  }
}
