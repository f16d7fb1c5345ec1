import { type FieldType, fieldTypes } from "../model/data_model.ts";
import type { Connection } from "./connection.ts";

/** Tables of our own: names of models begin with a letter. */
const facts = "_webtaskd";
const fields = "_webtaskd_field";

/** What a database keeps about itself: which data model it has been brought up to, and by fields. */
export class Catalogue {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Creates its tables, where they are not there. */
  create(): void {
    this.#connection.exec(
      `CREATE TABLE IF NOT EXISTS "${facts}" (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)
         WITHOUT ROWID;
       CREATE TABLE IF NOT EXISTS "${fields}" (model TEXT NOT NULL, field TEXT NOT NULL,
         type TEXT NOT NULL, PRIMARY KEY (model, field)) WITHOUT ROWID`,
    );
  }

  /** The JSON of the data model; `undefined` for a file that was never brought up to one. */
  dataModel(): string | undefined {
    if (!this.#hasTable(facts)) return undefined;
    const sql = `SELECT value FROM "${facts}" WHERE name = 'dataModel'`;
    const value = this.#connection.prepare(sql).all()[0]?.[0];
    return typeof value === "string" ? value : undefined;
  }

  setDataModel(json: string): void {
    const sql = `INSERT OR REPLACE INTO "${facts}" (name, value) VALUES ('dataModel', ?)`;
    this.#connection.prepare(sql).run([json]);
  }

  /** The type a column was last given; `undefined` for one that is not there. */
  typeOf(model: string, column: string): FieldType | undefined {
    const sql = `SELECT type FROM "${fields}" WHERE model = ? AND field = ?`;
    const type = this.#connection.prepare(sql).all([model.toLowerCase(), column.toLowerCase()]);
    return fieldTypes.find((known) => known === type[0]?.[0]);
  }

  /** The columns of some types, with those that the data model no longer has. */
  columnsOf(
    types: readonly FieldType[],
  ): readonly { readonly model: string; readonly column: string }[] {
    if (!this.#hasTable(fields)) return [];
    const rows = this.#connection.prepare(`SELECT model, field, type FROM "${fields}"`).all();
    return rows.filter(([, , type]) => types.some((known) => known === type))
      .map(([model, column]) => ({ model: String(model), column: String(column) }));
  }

  setType(model: string, column: string, type: FieldType): void {
    const sql = `INSERT OR REPLACE INTO "${fields}" (model, field, type) VALUES (?, ?, ?)`;
    // The engine's names ignore case.
    this.#connection.prepare(sql).run([model.toLowerCase(), column.toLowerCase(), type]);
  }

  #hasTable(name: string): boolean {
    const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
    return this.#connection.prepare(sql).all([name]).length > 0;
  }
}
