import { RuntimeError } from "../../base/errors.ts";
import {
  type ChoiceOption,
  type DataModel,
  type Field,
  type FieldType,
  fieldTypes,
  type Model,
} from "./data_model.ts";

/**
 * Reads a data model from JSON, as a worker is given it and a database keeps it.
 * @throws {RuntimeError} `bad_message` when it is none.
 */
export function parseDataModel(value: unknown): DataModel {
  return { models: asList(asRecord(value, "model").models, "models").map(parseModel) };
}

function parseModel(value: unknown): Model {
  const { name, label, fields, belongsTo, hasMany, indexes, display } = asRecord(value, "model");
  return {
    name: asText(name, "name"),
    label: asText(label, "label"),
    fields: asList(fields, "fields").map(parseField),
    belongsTo: asList(belongsTo, "belongsTo").map((item) => {
      const { name, model } = asRecord(item, "belongsTo");
      return { name: asText(name, "belongsTo.name"), model: asText(model, "belongsTo.model") };
    }),
    hasMany: asList(hasMany, "hasMany").map((item) => {
      const { name, model, inverseOf } = asRecord(item, "hasMany");
      return {
        name: asText(name, "hasMany.name"),
        model: asText(model, "hasMany.model"),
        inverseOf: asText(inverseOf, "hasMany.inverseOf"),
      };
    }),
    indexes: asList(indexes, "indexes").map((item) => ({
      columns: asList(asRecord(item, "index").columns, "index.columns").map((part) => {
        const { column, isDescending } = asRecord(part, "index.column");
        return { column: asText(column, "index.column"), isDescending: isDescending === true };
      }),
    })),
    display: display === undefined ? undefined : asText(display, "display"),
  };
}

function parseField(value: unknown): Field {
  const { name, label, type, options } = asRecord(value, "field");
  return {
    name: asText(name, "field.name"),
    label: asText(label, "field.label"),
    type: asFieldType(type),
    options: asList(options, "field.options").map(parseOption),
  };
}

function parseOption(value: unknown): ChoiceOption {
  const { key, label } = asRecord(value, "option");
  if (typeof key !== "string" && typeof key !== "number") throw unexpected("option.key");
  return { key, label: asText(label, "option.label") };
}

function asFieldType(value: unknown): FieldType {
  const type = fieldTypes.find((type) => type === value);
  if (type === undefined) throw unexpected("field.type");
  return type;
}

function asRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw unexpected(what);
  return { ...value };
}

function asList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpected(what);
  return value;
}

function asText(value: unknown, what: string): string {
  if (typeof value !== "string") throw unexpected(what);
  return value;
}

function unexpected(what: string): RuntimeError {
  return new RuntimeError("bad_message", `Cannot read a data model: unexpected ${what}`);
}
