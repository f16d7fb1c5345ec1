import { didYouMean } from "../../base/nearest.ts";
import { type BelongsTo, type HasMany, idColumnOf, type Index, type Model } from "./data_model.ts";
import type { SchemaReport } from "./schema_report.ts";
import type { XmlElement } from "./xml.ts";

/** A model and the elements it was read from, for what can be said only once all are known. */
export interface ParsedModel {
  readonly model: Model;
  readonly relations: ReadonlyMap<BelongsTo | HasMany, XmlElement>;
}

type Columns = Pick<Model, "name" | "fields" | "belongsTo">;

interface PartContext {
  readonly model: Columns;
  readonly report: SchemaReport;
}

/** Types whose values have no order. */
const unordered = ["location", "track", "attachment", "photo", "signature", "multiple-choice"];

/** Reads `<index on="a,-b"/>`. */
export function parseIndex(element: XmlElement, { model, report }: PartContext): Index {
  report.knownAttributes(element, ["on"]);
  const parts = report.required(element, "on").split(",").map((part) => part.trim());
  const columns = parts.filter((part) => part !== "").map((part) => {
    const name = part.replace(/^-/, "");
    const column = columnOf(name, model);
    if (column === undefined) {
      const known = didYouMean(name, namesOf(model));
      report.problem(
        element,
        "on",
        `index fields and belongs-to of the model: got "${name}"${known}`,
      );
    }
    return { column: column ?? name, isDescending: part.startsWith("-") };
  });
  if (new Set(columns.map(({ column }) => column)).size < columns.length) {
    report.problem(element, "on", "name each field of an index once");
  }
  return { columns };
}

/** The indexes nobody has to declare: what refers to an object is found by it. */
export function toImpliedIndexes({ belongsTo }: Columns): readonly Index[] {
  return belongsTo.map((relation) => ({
    columns: [{ column: idColumnOf(relation), isDescending: false }],
  }));
}

/** Reads `<display>{name}</display>`. */
export function parseDisplay(element: XmlElement, { model, report }: PartContext): string {
  report.knownAttributes(element, []);
  report.children(element, []);
  const fields = model.fields.map(({ name }) => name);
  for (const [, name = ""] of element.text.matchAll(/\{([^{}]*)\}/g)) {
    if (fields.includes(name)) continue;
    report.problem(
      element,
      undefined,
      `show fields of the model: got "{${name}}"${didYouMean(name, fields)}`,
    );
  }
  return element.text;
}

/** Checks what relations say about other models. */
export function checkRelations(models: readonly ParsedModel[], report: SchemaReport): void {
  const byName = new Map(models.map(({ model }) => [model.name, model]));
  for (const { model, relations } of models) {
    for (const [relation, element] of relations) {
      const other = byName.get(relation.model);
      if (other === undefined && relation.model !== "") {
        const hint = didYouMean(relation.model, byName.keys());
        report.problem(
          element,
          "model",
          `name a model of this file: got "${relation.model}"${hint}`,
        );
      }
      if (other === undefined || !("inverseOf" in relation)) continue;
      const refersBack = (back: BelongsTo) =>
        back.name === relation.inverseOf && back.model === model.name;
      if (other.belongsTo.some(refersBack)) continue;
      const fix = `name a belongs-to of "${other.name}" that refers to "${model.name}"`;
      report.problem(element, "inverse-of", `${fix}: got "${relation.inverseOf}"`);
    }
  }
}

function columnOf(name: string, { fields, belongsTo }: Columns): string | undefined {
  const relation = belongsTo.find((relation) =>
    relation.name === name || idColumnOf(relation) === name
  );
  if (relation) return idColumnOf(relation);
  const field = fields.find((field) => field.name === name);
  return field && !unordered.some((type) => field.type.startsWith(type)) ? field.name : undefined;
}

function namesOf({ fields, belongsTo }: Columns): readonly string[] {
  return [...fields, ...belongsTo].map(({ name }) => name);
}
