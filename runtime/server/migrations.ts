import { deadline } from "../base/deadline.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Migration, MigrationFault, MigrationOrder } from "../database/migrator.ts";
import type { Child, Platform } from "../platform/platform.ts";

/** For the last words of a process to arrive once it has ended. */
const lastWordsMs = 1_000;
/** What a migrator says is one line: a message with the row that does not fit. */
const maxAnswerLength = 64 * 1024;

/** Migrates databases in processes of their own: this one goes on answering requests. */
export class Migrations {
  readonly #platform: Platform;
  readonly #env: Readonly<Record<string, string>>;
  readonly #running = new Set<Child>();
  #isClosed = false;

  constructor(platform: Platform, env: Readonly<Record<string, string>>) {
    this.#platform = platform;
    this.#env = env;
  }

  /**
   * Brings a database up to a data model.
   * @throws {RuntimeError} `bad_schema` when a row does not fit, `database_failed` for all else.
   */
  async run(migration: Migration): Promise<void> {
    if (this.#isClosed) throw interrupted("the server stops");
    const answer = new Answer();
    const order: MigrationOrder = { ...migration, gatewayPid: this.#platform.pid };
    const child = this.#platform.spawn({
      command: this.#platform.selfCommand("migrator"),
      cwd: this.#platform.cwd,
      env: this.#env,
      stdin: JSON.stringify(order),
      onOutput: (stream, bytes) => answer.push(stream, bytes),
    });
    this.#running.add(child);
    const { code, signal } = await child.exited;
    this.#running.delete(child);
    if (code === 0) return;
    if (code !== 1) throw interrupted(`its process ended with ${signal ?? `code ${code}`}`);
    const { code: kind, message } = await answer.fault();
    throw new RuntimeError(kind, message);
  }

  /** Ends those under way: they have changed nothing then. */
  close(): void {
    this.#isClosed = true;
    for (const child of this.#running) child.kill("SIGKILL");
  }
}

/** What a migrator says. */
class Answer {
  readonly #line = Promise.withResolvers<string>();
  readonly #decoder = new TextDecoder();
  #text = "";

  push(stream: "stdout" | "stderr", bytes: Uint8Array): void {
    if (stream === "stderr" || this.#text.length > maxAnswerLength) return;
    this.#text += this.#decoder.decode(bytes, { stream: true });
    const end = this.#text.indexOf("\n");
    if (end >= 0) this.#line.resolve(this.#text.slice(0, end));
  }

  async fault(): Promise<MigrationFault> {
    const line = await deadline(this.#line.promise, lastWordsMs, { what: "learn why it failed" });
    const { code, message } = JSON.parse(line);
    return { code: code === "bad_schema" ? code : "database_failed", message: String(message) };
  }
}

function interrupted(reason: string): RuntimeError {
  return new RuntimeError("database_failed", `Cannot finish the migration: ${reason}`);
}
