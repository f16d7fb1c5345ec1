import type { Clock } from "../base/clock.ts";
import type {
  InvocationRecord,
  Recorder,
  RequestRecord,
  RunningInvocation,
  TaskOutput,
} from "../protocol/records.ts";
import { LineBudget } from "./line_budget.ts";
import { type PlainLine, toPlainLine } from "./plain_lines.ts";
import {
  type Place,
  toInvocationLine,
  toOutputLine,
  toRequestLine,
  toReturnedLine,
  toRunningLine,
} from "./trace_lines.ts";

/** Requests that ran nothing: a flood of them must not push out what did run. */
const maxRefusedPerSecond = 100;
/** Names are few; what makes them many is not to fill the memory. */
const maxPlaces = 10_000;

/** Where lines go. */
export interface LineSink {
  line(text: string): void;
  plain(line: PlainLine): void;
  /** There will be a line, at the latest when it asks for what is held back. */
  soon(): void;
  /** From here on the number stands for these names. */
  place(number: number, place: Place): void;
}

/** Turns records into lines for the recorder. */
export class RecordLines implements Recorder {
  readonly #sink: LineSink;
  readonly #clock: Clock;
  readonly #refused: LineBudget;
  readonly #places = new Map<string, number>();
  #lastPlace: Place | undefined;
  #lastPlaceNumber = 0;
  /** Invocations that are stored as running. */
  readonly #running = new Set<string>();
  /** Its request most likely ends next: then both are one line. */
  #held: InvocationRecord | undefined;

  constructor(sink: LineSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
    this.#refused = new LineBudget(maxRefusedPerSecond, clock);
  }

  invocationRunning(running: RunningInvocation): void {
    this.settle();
    this.#running.add(running.traceId);
    const place = this.#placeOf(running, pathOf(running));
    this.#sink.line(toRunningLine(running, place));
  }

  invocationReturned({ traceId }: RunningInvocation): void {
    this.settle();
    this.#running.delete(traceId);
    this.#sink.line(toReturnedLine(traceId));
  }

  invocationOverdue(): void {}

  invocationEnded(record: InvocationRecord): void {
    this.settle();
    this.#held = record;
    this.#sink.soon();
  }

  requestEnded(record: RequestRecord): void {
    const held = this.#held;
    if (held && isOnlyOneOf(held, record)) {
      this.#held = undefined;
      return this.#writeBoth(held, record);
    }
    this.settle();
    // What leads nowhere is the log's, not a deployment's: anybody can send a million of it.
    if (record.deployment === undefined) return;
    if (record.traceId === undefined && this.#refused.take() === undefined) return;
    this.#sink.line(toRequestLine(record));
  }

  output(output: TaskOutput): void {
    this.settle();
    this.#sink.line(toOutputLine(output, this.#clock.wallMs()));
  }

  /** Writes what is held back. */
  settle(): void {
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    this.#running.delete(held.traceId);
    const place = this.#placeOf(held, pathOf(held));
    this.#sink.line(toInvocationLine(held, { place, request: undefined }));
  }

  #writeBoth(held: InvocationRecord, request: RequestRecord): void {
    const place = this.#placeOf(held, request.path);
    const wasRunning = this.#running.delete(held.traceId);
    const plain = wasRunning ? undefined : toPlainLine(held, request, place);
    if (plain) return this.#sink.plain(plain);
    this.#sink.line(toInvocationLine(held, { place, request }));
  }

  /** Compares before it copies: most have the place of the one before. */
  #placeOf(names: Omit<Place, "path">, path: string): number {
    const last = this.#lastPlace;
    if (last && last.path === path && isSame(last, names)) return this.#lastPlaceNumber;
    const { deployment, release, task, method } = names;
    const place = { deployment, release, task, method, path };
    const key = JSON.stringify(place);
    const number = this.#places.get(key) ?? this.#definePlace(key, place);
    [this.#lastPlace, this.#lastPlaceNumber] = [place, number];
    return number;
  }

  #definePlace(key: string, place: Place): number {
    const number = this.#places.size + 1;
    if (number > maxPlaces) return 0;
    this.#places.set(key, number);
    this.#sink.place(number, place);
    return number;
  }
}

/** Whether an invocation tells all of a request: it was the only one, and it answered. */
function isOnlyOneOf(held: InvocationRecord, { requestId, traceId }: RequestRecord): boolean {
  return held.requestId === requestId && held.traceId === traceId && held.attempt === 1;
}

/** Where a request names its task; only a slash at its end may be missing. */
function pathOf({ task }: { readonly task: string }): string {
  return `/${task}`;
}

function isSame(a: Omit<Place, "path">, b: Omit<Place, "path">): boolean {
  return a.task === b.task && a.method === b.method && a.deployment === b.deployment &&
    a.release === b.release;
}
