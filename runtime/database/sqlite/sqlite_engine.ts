import type { Statement } from "../sql/dialect.ts";
import type { Change, Engine, Row, Work } from "../sql/engine.ts";
import { ChangeFailed, DatabaseError } from "../sql/errors.ts";
import type { Connection } from "./connection.ts";
import { retryWhileBusy } from "./retry.ts";
import { isBusy, toDatabaseError } from "./sqlite_errors.ts";

/**
 * One connection to a SQLite file. What it does, it does in one turn of the event loop: no other
 * call of the process sees half of a transaction.
 */
export class SqliteEngine implements Engine {
  readonly #connection: Connection;
  /** The last write under way: writes plan in the order they were asked for. */
  #writing: Promise<void> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async read(statement: Statement): Promise<readonly Row[]> {
    const attempt = () => this.#connection.prepare(statement.sql).all(statement.args);
    try {
      return attempt();
    } catch (error) {
      return isBusy(error) ? await retryWhileBusy(attempt) : fail("read", error);
    }
  }

  async write(work: Work): Promise<void> {
    if (this.#writing) return await this.#queue(() => retryWhileBusy(() => this.#run(work)));
    try {
      this.#run(work);
    } catch (error) {
      if (!isBusy(error)) throw error;
      await this.#queue(() => retryWhileBusy(() => this.#run(work)));
    }
  }

  async explain({ sql, args }: Statement): Promise<readonly string[]> {
    const rows = await this.read({ sql: `EXPLAIN QUERY PLAN ${sql}`, args });
    return rows.map((row) => String(row[3]));
  }

  async close(): Promise<void> {
    await this.#writing;
    this.#connection.close();
  }

  async #queue(write: () => Promise<void>): Promise<void> {
    const before = this.#writing ?? Promise.resolve();
    const turn = before.then(write);
    // Whoever waits for its turn does not care how the one before has ended.
    const settled = turn.then(() => {}, () => {});
    this.#writing = settled;
    try {
      await turn;
    } finally {
      if (this.#writing === settled) this.#writing = undefined;
    }
  }

  #run(work: Work): void {
    const changes = work.plan();
    if (changes.length === 0) return work.done([]);
    const [only] = changes;
    const counts = changes.length === 1 && only ? [this.#change(only, 0)] : this.#transact(changes);
    work.done(counts);
  }

  #transact(changes: readonly Change[]): readonly number[] {
    try {
      return this.#connection.transact(() => changes.map((change, at) => this.#change(change, at)));
    } catch (error) {
      if (error instanceof ChangeFailed || isBusy(error)) throw error;
      throw new ChangeFailed(toDatabaseError("write to", error), undefined);
    }
  }

  #change({ sql, args, mustFind }: Change, index: number): number {
    const count = this.#runOne(sql, args, index);
    if (mustFind === undefined || count > 0) return count;
    const message = `Cannot save ${mustFind}: it is no longer in the database`;
    throw new ChangeFailed(new DatabaseError("missing", message), index);
  }

  #runOne(sql: string, args: Row, index: number): number {
    try {
      return this.#connection.prepare(sql).run(args);
    } catch (error) {
      if (isBusy(error)) throw error;
      throw new ChangeFailed(toDatabaseError("write to", error), index);
    }
  }
}

function fail(doing: string, error: unknown): never {
  throw toDatabaseError(doing, error);
}
