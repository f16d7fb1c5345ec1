import type { Layout } from "../model/layout.ts";
import { castValue } from "../objects/cast.ts";
import type { Connection, PreparedStatement } from "../sqlite/connection.ts";
import { sqliteDialect } from "../sqlite/dialect.ts";
import { retryWhileBusy } from "../sqlite/retry.ts";
import type { SqlValue } from "../values/value_type.ts";

const stageName = "_webtaskd_import";
/** IDs come in no order: with little memory, each row would touch the disk. */
const cacheKilobytes = 64 * 1024;
const idPattern = /^[\w-]{1,64}$/;

/** A value of a row, by the name of its field. */
export interface GivenValue {
  readonly name: string;
  readonly value: unknown;
}

/** What a value is refused for, and which one it was. */
export class RefusedValue extends Error {
  override readonly name = "RefusedValue";
  /** The field; `undefined` when it is the row as a whole. */
  readonly field: string | undefined;

  constructor(message: string, field: string | undefined) {
    super(message);
    this.field = field;
  }
}

/**
 * Rows on their way into a table. They are checked and gathered beside it, so that others write on
 * meanwhile, and then moved in one step: all of them or none.
 */
export class RowImport {
  readonly #connection: Connection;
  readonly #layout: Layout;
  readonly #insert: PreparedStatement;
  readonly #exists: PreparedStatement;
  #count = 0;

  constructor(connection: Connection, layout: Layout) {
    this.#connection = connection;
    this.#layout = layout;
    const table = sqliteDialect.quote(layout.model.name);
    connection.exec(
      `PRAGMA temp_store = FILE;
       PRAGMA cache_size = -${cacheKilobytes};
       PRAGMA temp.cache_size = -${cacheKilobytes};
       CREATE TEMP TABLE ${stageName} AS SELECT * FROM ${table} WHERE 1 = 0;
       CREATE UNIQUE INDEX temp.${stageName}_id ON ${stageName} (id);
       BEGIN`,
    );
    const columns = layout.columns.map(({ name }) => sqliteDialect.quote(name)).join(", ");
    const values = layout.columns.map(() => "?").join(", ");
    this.#insert = connection.prepare(
      `INSERT INTO temp.${stageName} (${columns}) VALUES (${values})`,
    );
    this.#exists = connection.prepare(
      `SELECT 1 FROM ${table} WHERE id = ?1 UNION ALL
       SELECT 1 FROM temp.${stageName} WHERE id = ?1`,
    );
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Checks a row and gathers it.
   * @throws {RefusedValue} for the first value that does not fit.
   */
  add(values: readonly GivenValue[]): void {
    const row = new Array<SqlValue>(this.#layout.columns.length).fill(null);
    for (const { name, value } of values) this.#put(row, name, value);
    row[0] ??= crypto.randomUUID();
    this.#insert.run(row);
    this.#count += 1;
  }

  /** Moves everything that was gathered into the table. */
  async commit(): Promise<void> {
    this.#connection.exec("COMMIT");
    const columns = this.#layout.columns.map(({ name }) => sqliteDialect.quote(name)).join(", ");
    const table = sqliteDialect.quote(this.#layout.model.name);
    await retryWhileBusy(() =>
      this.#connection.transact(() =>
        this.#connection.prepare(
          `INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM temp.${stageName}
           ORDER BY id`,
        ).run()
      )
    );
  }

  #put(row: SqlValue[], name: string, value: unknown): void {
    if (name === "id") row[0] = this.#checkId(value);
    else {
      const column = this.#layout.find(name);
      if (column === undefined) {
        throw new RefusedValue(`${this.#layout.title} has no field "${name}"`, name);
      }
      row[column.index] = this.#cast(column, value);
    }
  }

  #cast(column: Layout["id"], value: unknown): SqlValue {
    try {
      return castValue(value, { column, layout: this.#layout });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new RefusedValue(error.message.replace(/^Cannot set .*?: it /, ""), column.name);
    }
  }

  #checkId(value: unknown): SqlValue {
    if (value === null || value === undefined) return null;
    if (typeof value !== "string" || !idPattern.test(value)) {
      throw new RefusedValue("must be an ID: 1 to 64 letters, digits, - and _", "id");
    }
    if (this.#exists.all([value]).length === 0) return value;
    throw new RefusedValue(`must be the ID of one object: "${value}" is there already`, "id");
  }
}
