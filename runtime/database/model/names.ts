/** Names of models, fields and relations. */
export const namePattern = /^[A-Za-z][A-Za-z0-9_]*$/;

/** The longest name: with `_id` after it, engines still take it as it is. */
export const maxNameLength = 60;

/** Names no model may have; `Batch` is a member of `DB` itself. */
export const reservedModelNames: readonly string[] = ["object", "account", "id", "type", "Batch"];

/** Names no field or relation may have: the language, the format, or objects use them. */
export const reservedFieldNames: readonly string[] = [
  "object",
  "account",
  "id",
  "type",
  "_id",
  "_type",
  "account_id",
  "attribute",
  "persisted",
  "save",
  "destroy",
  "reload",
  "setAll",
  "toString",
  "toJSON",
  "constructor",
  "then",
];

/** Tables of the engine itself begin like this. */
export const enginePrefix = /^sqlite_/i;
