/** The types a field of `schema.xml` may have; `text:name` and other subtypes of text are `text`. */
export const fieldTypes = [
  "text",
  "integer",
  "number",
  "boolean",
  "date",
  "datetime",
  "location",
  "track",
  "single-choice",
  "multiple-choice",
  "single-choice-integer",
  "multiple-choice-integer",
  "attachment",
  "photo",
  "signature",
] as const;

/** One of the types a field may have. */
export type FieldType = (typeof fieldTypes)[number];

/** One value a choice may have. */
export interface ChoiceOption {
  readonly key: string | number;
  readonly label: string;
}

/** A field of a model. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  /** The declared values of a choice; empty for every other type. */
  readonly options: readonly ChoiceOption[];
}

/** A reference to one object; its column is `<name>_id`. */
export interface BelongsTo {
  readonly name: string;
  readonly model: string;
}

/** The objects of another model that refer to this one. */
export interface HasMany {
  readonly name: string;
  readonly model: string;
  /** The belongs-to of the other model that refers back. */
  readonly inverseOf: string;
}

/** An index over columns, in their order. */
export interface Index {
  readonly columns: readonly { readonly column: string; readonly isDescending: boolean }[];
}

/** A kind of object an app keeps. */
export interface Model {
  readonly name: string;
  readonly label: string;
  readonly fields: readonly Field[];
  readonly belongsTo: readonly BelongsTo[];
  readonly hasMany: readonly HasMany[];
  readonly indexes: readonly Index[];
  /** Text with `{field}` in it; `undefined` shows the ID. */
  readonly display: string | undefined;
}

/** What an app keeps: plain data that survives JSON. */
export interface DataModel {
  readonly models: readonly Model[];
}

/** The name of the column that holds a belongs-to. */
export function idColumnOf({ name }: Pick<BelongsTo, "name">): string {
  return `${name}_id`;
}
