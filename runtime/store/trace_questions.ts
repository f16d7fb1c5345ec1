import { deadline } from "../base/deadline.ts";
import { RuntimeError } from "../base/errors.ts";
import { parseJson } from "../protocol/fields.ts";
import type {
  LogFilter,
  LogLineRow,
  RequestDetail,
  TraceFilter,
  TraceReader,
  TraceRow,
} from "./trace_reader.ts";

const answerTimeoutMs = 30_000;

/** A question to a reader in another process. */
export type TraceQuestion =
  | { readonly name: "traces"; readonly filter: TraceFilter }
  | { readonly name: "find"; readonly id: string }
  | { readonly name: "logs"; readonly filter: LogFilter };

interface Asked {
  readonly text: string;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** Puts the questions of a reader to another process. */
export class TraceQuestions implements TraceReader {
  readonly #send: (id: number, question: string) => void;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;

  constructor(send: (id: number, question: string) => void) {
    this.#send = send;
  }

  traces(filter: TraceFilter): Promise<readonly TraceRow[]> {
    return this.#ask<readonly TraceRow[]>({ name: "traces", filter });
  }

  find(id: string): Promise<RequestDetail | undefined> {
    return this.#ask<RequestDetail | undefined>({ name: "find", id });
  }

  logs(filter: LogFilter): Promise<readonly LogLineRow[]> {
    return this.#ask<readonly LogLineRow[]>({ name: "logs", filter });
  }

  /** The process belongs to the store, which closes it. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  answer(id: number, text: string): void {
    this.#take(id)?.resolve(text === "" ? undefined : parseJson(text));
  }

  refuse(id: number, message: string): void {
    this.#take(id)?.reject(new RuntimeError("file_failed", message));
  }

  /** Asks again what nobody was there to hear. */
  repeat(): void {
    for (const [id, { text }] of this.#asked) this.#send(id, text);
  }

  /** Nobody is left who could answer. */
  fail(reason: string): void {
    for (const id of [...this.#asked.keys()]) this.refuse(id, `Cannot read traces: ${reason}`);
  }

  #ask<T>(question: TraceQuestion): Promise<T> {
    this.#lastId += 1;
    const id = this.#lastId;
    const text = JSON.stringify(question);
    const answered = new Promise<T>((resolve, reject) => {
      this.#asked.set(id, {
        text,
        resolve: (answer) => isAnswer<T>(answer) && resolve(answer),
        reject,
      });
    });
    this.#send(id, text);
    return deadline(answered, answerTimeoutMs, { what: "read traces" })
      .finally(() => this.#take(id));
  }

  #take(id: number): Asked | undefined {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    return asked;
  }
}

/** The process that answers runs the same program: there is nothing it could get wrong. */
function isAnswer<T>(_answer: unknown): _answer is T {
  return true;
}
