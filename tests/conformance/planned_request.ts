import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Answer, TestServer } from "./server.ts";
import { until } from "./wait.ts";

/** The deployment whose tasks follow plans. */
export const planHost = "initech-testing.localhost";

/** What each attempt of a request does: steps between commas, as `tests/fixtures/initech` knows them. */
export interface Plan {
  readonly first?: string;
  readonly second?: string;
  readonly third?: string;
  /** For attempts without a plan of their own. */
  readonly each?: string;
}

/** Something that happened in a run of a task. */
export interface Note {
  readonly event: "started" | "aborted" | "ended";
  readonly attempt: number;
  readonly traceId: string;
  readonly requestId: string;
  readonly pid: number;
  /** Which run of its process it is, from 1. */
  readonly runs: number;
  /** Why the signal aborted. */
  readonly reason?: string;
  /** From its start to its deadline. */
  readonly leftMs?: number;
}

/** What belongs to a planned request besides its plan. */
export interface PlannedOptions {
  /** @default "planned" */
  readonly task?: "planned" | "brief" | "single";
  /** Where its notes go; requests may share a file. @default a file of its own */
  readonly notes?: string;
  readonly signal?: AbortSignal;
}

/** A request whose attempts do what the test says, and note what happens to them. */
export class PlannedRequest {
  readonly answer: Promise<Answer>;
  readonly startedMs = performance.now();
  readonly #notes: string;

  constructor(server: TestServer, plan: Plan, options: PlannedOptions = {}) {
    const { task = "planned", signal } = options;
    const { notes = join(server.folder, `notes-${crypto.randomUUID()}`) } = options;
    this.#notes = notes;
    const query = new URLSearchParams({ notes, ...plan });
    this.answer = server.fetch(`/${task}?${query}`, {
      host: planHost,
      ...(signal && { signal }),
    });
    // Whoever awaits it still learns of a failure; until then it is no unhandled one.
    this.answer.catch(() => {});
  }

  /** What has happened so far, in order. */
  get notes(): Note[] {
    return readNotes(this.#notes);
  }

  /** Lets everything go on that waits for a mark. */
  mark(name: string): void {
    writeFileSync(`${this.#notes}.${name}`, "");
  }

  /** Waits until something has happened to an attempt. */
  until(event: Note["event"], attempt = 1): Promise<Note> {
    const find = () => this.notes.find((note) => note.event === event && note.attempt === attempt);
    return until(`attempt ${attempt} ${event}`, find);
  }

  /** The answer, and how long after the start of the request it came. */
  async timed(): Promise<Answer & { readonly elapsedMs: number }> {
    const answer = await this.answer;
    return { ...answer, elapsedMs: performance.now() - this.startedMs };
  }
}

/** Reads a file of notes; a missing one has none. */
export function readNotes(file: string): Note[] {
  if (!existsSync(file)) return [];
  // What follows the last line end is still being written.
  return readFileSync(file, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));
}
