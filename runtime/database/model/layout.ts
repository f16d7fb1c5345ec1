import type { ValueType } from "../values/value_type.ts";
import { textType } from "../values/text.ts";
import { valueTypes } from "../values/value_types.ts";
import {
  type BelongsTo,
  type DataModel,
  type Field,
  idColumnOf,
  type Model,
} from "./data_model.ts";

/** A column of a model's table. */
export interface Column {
  /** In the database, and in JSON. */
  readonly name: string;
  /** Its place in a row. */
  readonly index: number;
  readonly field: Field;
  readonly type: ValueType;
  /** The belongs-to whose ID it holds. */
  readonly relation: BelongsTo | undefined;
  /** What an error calls its type. */
  readonly typeName: string;
}

/** A model with its columns worked out: the only source of names that reach the database. */
export class Layout {
  readonly model: Model;
  /** `id` first, then fields, then belongs-to. */
  readonly columns: readonly Column[];
  readonly id: Column;
  readonly #byName = new Map<string, Column>();

  constructor(model: Model) {
    this.model = model;
    this.id = toColumn({ field: textField("id"), index: 0, typeName: "id" });
    const fields = model.fields.map((field, at) =>
      toColumn({ field, index: at + 1, typeName: field.type })
    );
    const relations = model.belongsTo.map((relation, at) =>
      toColumn({
        field: textField(idColumnOf(relation)),
        index: at + 1 + fields.length,
        relation,
        typeName: `belongs-to ${relation.model}`,
      })
    );
    this.columns = [this.id, ...fields, ...relations];
    for (const column of this.columns) this.#byName.set(column.name, column);
    for (const column of relations) {
      if (column.relation) this.#byName.set(column.relation.name, column);
    }
  }

  /** As errors name it: `DB.api_client`. */
  get title(): string {
    return `DB.${this.model.name}`;
  }

  /** The column of a field, of `id`, of a belongs-to or of its `_id`. */
  find(name: string): Column | undefined {
    return this.#byName.get(name);
  }

  /** Every name that `find` knows. */
  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }
}

/** The layouts of a data model by the names of its models. */
export function toLayouts({ models }: DataModel): ReadonlyMap<string, Layout> {
  return new Map(models.map((model) => [model.name, new Layout(model)]));
}

function toColumn(
  { field, index, relation, typeName }: {
    readonly field: Field;
    readonly index: number;
    readonly relation?: BelongsTo;
    readonly typeName: string;
  },
): Column {
  const type = relation || typeName === "id" ? textType : valueTypes[field.type];
  return { name: field.name, index, field, type, relation, typeName };
}

function textField(name: string): Field {
  return { name, label: name, type: "text", options: [] };
}
