import { RuntimeError } from "../../base/errors.ts";
import type { DataModel, Index } from "../model/data_model.ts";
import { type Column, type Layout, toLayouts } from "../model/layout.ts";
import { castValue } from "../objects/cast.ts";
import { show } from "../values/show.ts";
import type { SqlValue } from "../values/value_type.ts";
import { valueTypes } from "../values/value_types.ts";
import { Catalogue } from "./catalogue.ts";
import type { Connection } from "./connection.ts";
import { sqliteDialect } from "./dialect.ts";

const { quote } = sqliteDialect;

/**
 * Brings a database up to a data model, in one transaction: what is new is added, nothing is dropped.
 * Of several processes that do so at once, one does it and the others find it done.
 * @throws {RuntimeError} `bad_schema` when a type has changed and a row does not fit.
 */
export function migrate(connection: Connection, dataModel: DataModel): void {
  const catalogue = new Catalogue(connection);
  const json = JSON.stringify(dataModel);
  // Without a lock: nearly every time there is nothing to do.
  if (isUpToDate(connection, dataModel)) return;
  connection.transact(() => {
    if (catalogue.dataModel() === json) return;
    catalogue.create();
    for (const layout of toLayouts(dataModel).values()) {
      new TableMigration(connection, catalogue, layout).run();
    }
    catalogue.setDataModel(json);
  });
}

/** Whether a database has been brought up to a data model. */
export function isUpToDate(connection: Connection, dataModel: DataModel): boolean {
  return new Catalogue(connection).dataModel() === JSON.stringify(dataModel);
}

/** Brings one table up to its model. */
class TableMigration {
  readonly #connection: Connection;
  readonly #catalogue: Catalogue;
  readonly #layout: Layout;
  readonly #table: string;

  constructor(connection: Connection, catalogue: Catalogue, layout: Layout) {
    this.#connection = connection;
    this.#catalogue = catalogue;
    this.#layout = layout;
    this.#table = quote(layout.model.name);
  }

  run(): void {
    // Rows lie in the order of their IDs, which every index ends with: so all orders are stable.
    this.#connection.exec(
      `CREATE TABLE IF NOT EXISTS ${this.#table} ("id" TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID`,
    );
    for (const column of this.#layout.columns) {
      if (column !== this.#layout.id) this.#addOrChange(column);
    }
    for (const index of this.#layout.model.indexes) this.#addIndex(index);
  }

  #addOrChange(column: Column): void {
    const model = this.#layout.model.name;
    const former = this.#catalogue.typeOf(model, column.name);
    const { type } = column.field;
    if (former === undefined) this.#add(column);
    else if (former !== type) this.#change(column, this.#convert(column, former));
    if (former !== type) this.#catalogue.setType(model, column.name, type);
  }

  #add({ name, type }: Column): void {
    const sql = `ALTER TABLE ${this.#table} ADD COLUMN ${
      quote(name)
    } ${type.storage.toUpperCase()}`;
    this.#connection.exec(sql);
  }

  /** Every row in the new type, by its ID. */
  #convert(column: Column, former: Column["field"]["type"]): ReadonlyMap<string, SqlValue> {
    const layout = this.#layout;
    const { name } = column;
    const sql = `SELECT "id", ${quote(name)} FROM ${this.#table} WHERE ${quote(name)} IS NOT NULL`;
    const converted = new Map<string, SqlValue>();
    for (const [id = null, stored = null] of this.#connection.prepare(sql).all()) {
      const value = valueTypes[former].read(stored, { attachments: noAttachments });
      converted.set(String(id), convertOne(value, { column, layout, former, id: String(id) }));
    }
    return converted;
  }

  /** The old column stays under another name: SQLite would bend new values to its old type. */
  #change(column: Column, values: ReadonlyMap<string, SqlValue>): void {
    const name = quote(column.name);
    const kept = quote(this.#unusedName(column.name));
    for (const [index] of this.#indexesOf(column)) {
      this.#connection.exec(`DROP INDEX ${quote(String(index))}`);
    }
    this.#connection.exec(`ALTER TABLE ${this.#table} RENAME COLUMN ${name} TO ${kept}`);
    this.#add(column);
    const update = this.#connection.prepare(`UPDATE ${this.#table} SET ${name} = ? WHERE "id" = ?`);
    for (const [id, value] of values) update.run([value, id]);
  }

  #indexesOf({ name }: Column) {
    return this.#connection.prepare(
      `SELECT DISTINCT list.name FROM pragma_index_list(?) AS list,
         pragma_index_info(list.name) AS info
       WHERE list.origin = 'c' AND info.name = ? COLLATE NOCASE`,
    ).all([this.#layout.model.name, name]);
  }

  #unusedName(name: string): string {
    const sql = "SELECT name FROM pragma_table_info(?)";
    const rows = this.#connection.prepare(sql).all([this.#layout.model.name]);
    const used = new Set(rows.map(([name]) => String(name).toLowerCase()));
    let number = 1;
    while (used.has(`_${name}_${number}`.toLowerCase())) number += 1;
    return `_${name}_${number}`;
  }

  #addIndex({ columns }: Index): void {
    const on = columns.map(({ column, isDescending }) => `${isDescending ? "-" : ""}${column}`);
    const parts = columns.map(({ column, isDescending }) =>
      isDescending ? `${quote(column)} DESC` : quote(column)
    );
    const name = quote(`${this.#layout.model.name}:${on.join(",")}`);
    const sql = `CREATE INDEX IF NOT EXISTS ${name} ON ${this.#table} (${parts.join(", ")})`;
    this.#connection.exec(sql);
  }
}

const noAttachments = {
  read: () => Promise.reject(new Error("Cannot read attachments while types change")),
};

/** A row fits when the new field would take its value, and keep all of it. */
function convertOne(
  value: unknown,
  { column, layout, former, id }: {
    readonly column: Column;
    readonly layout: Layout;
    readonly former: string;
    readonly id: string;
  },
): SqlValue {
  try {
    const stored = castValue(value, { column, layout });
    const isCut = typeof value === "number" && typeof stored === "number" && stored !== value;
    if (!isCut) return stored;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  const change = `from ${former} to ${column.typeName}`;
  throw new RuntimeError(
    "bad_schema",
    `Cannot change ${layout.title}.${column.name} ${change}: the row with the id "${id}" has ` +
      `${show(value)}: correct it, or give the field another name`,
  );
}
