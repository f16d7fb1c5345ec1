import type { SqlValue } from "../values/value_type.ts";
import type { Statement } from "./dialect.ts";

/** A row, its values in the order of the statement's columns. */
export type Row = readonly SqlValue[];

/** A statement of a transaction. */
export interface Change extends Statement {
  /** The object it must find: changing no row is then an error. */
  readonly mustFind: string | undefined;
}

/** Work to be done in one transaction, decided when its turn has come. */
export interface Work {
  /** Everything to change; an empty list costs nothing. */
  plan(): readonly Change[];
  /** Told what has become of each change, before anything else may plan. */
  done(changedRows: readonly number[]): void;
}

/** An open database. Every call may wait: for the disk, for others who write, for a network. */
export interface Engine {
  read(statement: Statement): Promise<readonly Row[]>;
  /**
   * Runs work in one transaction: all of it or nothing.
   * @throws {ChangeFailed} that says which change it was.
   */
  write(work: Work): Promise<void>;
  /** How the engine goes about a statement, one line per step. */
  explain(statement: Statement): Promise<readonly string[]>;
  close(): Promise<void>;
}
