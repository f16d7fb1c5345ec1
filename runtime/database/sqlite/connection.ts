import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Row } from "../sql/engine.ts";
import { DatabaseError } from "../sql/errors.ts";
import { containsFunction, startsWithFunction } from "./dialect.ts";
import { busyTimeoutMs } from "./retry.ts";

/** Statements kept ready; one costs a few kilobytes. */
const maxStatements = 500;

/** A statement ready to run, any number of times. */
export interface PreparedStatement {
  all(args?: Row): readonly Row[];
  /** Returns how many rows it has changed. */
  run(args?: Row): number;
}

/** A connection to a file, with the settings and functions that the dialect counts on. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, PreparedStatement>();

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Opens a file, which is created when it is not there. */
  static async open(
    file: string,
    { readOnly = false }: { readonly readOnly?: boolean } = {},
  ): Promise<Connection> {
    // Loaded when there is something to open: most workers start without.
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(file, { readOnly, timeout: busyTimeoutMs });
    addTextFunction(database, containsFunction, (text, part) => text.includes(part));
    addTextFunction(database, startsWithFunction, (text, part) => text.startsWith(part));
    return new Connection(database);
  }

  /** Runs SQL that has no arguments and gives no rows. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** A statement ready to run, kept for the next time. */
  prepare(sql: string): PreparedStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = toPrepared(this.#database.prepare(sql));
    if (this.#statements.size >= maxStatements) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  /**
   * Runs code in a transaction that nobody else can write beside.
   * @throws what the code throws; nothing of it has happened then.
   */
  transact<T>(code: () => T): T {
    this.prepare("BEGIN IMMEDIATE").run();
    try {
      const result = code();
      this.prepare("COMMIT").run();
      return result;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #rollback(): void {
    try {
      this.prepare("ROLLBACK").run();
    } catch (error) {
      // SQLite has rolled back by itself, as it does when the disk is full; the first error says so.
      if (!/no transaction is active/.test(String(error))) throw error;
    }
  }
}

/** A function of SQL over text in lower case, as the dialect hands in its second argument. */
function addTextFunction(
  database: DatabaseSync,
  name: string,
  holds: (text: string, part: string) => boolean,
): void {
  const options = { deterministic: true, directOnly: true };
  database.function(
    name,
    options,
    (text, part) => typeof text === "string" && holds(text.toLowerCase(), String(part)) ? 1 : 0,
  );
}

function toPrepared(statement: StatementSync): PreparedStatement {
  // Objects with a member per column would cost twice the time.
  statement.setReturnArrays(true);
  return {
    all: (args = []) => asRows(statement.all(...args)),
    run: (args = []) => Number(statement.run(...args).changes),
  };
}

function asRows(rows: unknown): readonly Row[] {
  if (isRows(rows)) return rows;
  throw new DatabaseError("failed", "Cannot read the database: its driver gives no rows");
}

function isRows(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && (value.length === 0 || Array.isArray(value[0]));
}
