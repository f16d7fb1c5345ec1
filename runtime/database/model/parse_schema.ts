import type { BelongsTo, DataModel, HasMany, Index, Model } from "./data_model.ts";
import { parseFieldElement } from "./parse_field.ts";
import { enginePrefix, reservedFieldNames, reservedModelNames } from "./names.ts";
import {
  checkRelations,
  parseDisplay,
  type ParsedModel,
  parseIndex,
  toImpliedIndexes,
} from "./parse_parts.ts";
import { SchemaReport } from "./schema_report.ts";
import { readXml, type TextPlace, type XmlElement } from "./xml.ts";

const maxModels = 500;
/** Columns of a model: engines have limits not far above. */
const maxMembers = 500;

/** Something to say about a place of `schema.xml`. */
export interface SchemaProblem {
  readonly place: TextPlace;
  readonly text: string;
}

/** A data model; it may be used when there are no problems. */
export interface SchemaResult {
  readonly model: DataModel;
  readonly problems: readonly SchemaProblem[];
  /** What is accepted and means nothing. */
  readonly warnings: readonly SchemaProblem[];
}

/** Reads the text of a `schema.xml` and collects everything that is wrong with it. */
export function parseSchema(text: string): SchemaResult {
  const report = new SchemaReport(text);
  const xml = readXml(text);
  if (xml.kind === "broken") {
    const problem = { place: xml.place, text: `correct the XML: ${xml.reason}` };
    return { model: { models: [] }, problems: [problem], warnings: [] };
  }
  const models = parseRoot(xml.elements, report);
  checkRelations(models, report);
  const model = { models: models.map(({ model }) => model) };
  return { model, problems: report.problems, warnings: report.warnings };
}

function parseRoot(elements: readonly XmlElement[], report: SchemaReport): readonly ParsedModel[] {
  const [root, ...others] = elements;
  if (root === undefined || root.tag !== "data-model" || others.length > 0) {
    const element = root?.tag === "data-model" ? others[0] : root;
    report.problem(element, undefined, "have one <data-model> around everything");
    return [];
  }
  report.knownAttributes(root, []);
  const elementsOfModels = report.children(root, ["model"]);
  if (elementsOfModels.length > maxModels) {
    report.problem(root, undefined, `have at most ${maxModels} models`);
  }
  const names = report.names(reservedModelNames);
  return elementsOfModels.slice(0, maxModels).map((element) => {
    const name = report.name(element, names);
    if (enginePrefix.test(name)) {
      report.problem(element, "name", `choose another name than "${name}": the engine's begin so`);
    }
    return parseModel(element, { name, report });
  });
}

const parts = ["field", "belongs-to", "has-many", "index", "display"];

function parseModel(
  element: XmlElement,
  { name, report }: { readonly name: string; readonly report: SchemaReport },
): ParsedModel {
  report.knownAttributes(element, ["name", "label"]);
  const children = report.children(element, parts);
  const of = (tag: string) => children.filter((child) => child.tag === tag);
  if (children.length > maxMembers) {
    report.problem(element, undefined, `have at most ${maxMembers} fields and relations`);
  }
  const names = report.names(reservedFieldNames);
  const fields = of("field").map((child) => parseFieldElement(child, { names, report }));
  const belongsTo = of("belongs-to").map((child) =>
    [parseBelongsTo(child, { names, report }), child] as const
  );
  const hasMany = of("has-many").map((child) =>
    [parseHasMany(child, { names, report }), child] as const
  );
  const model: Omit<Model, "indexes" | "display"> = {
    name,
    label: element.attributes.get("label") ?? name,
    fields,
    belongsTo: belongsTo.map(([relation]) => relation),
    hasMany: hasMany.map(([relation]) => relation),
  };
  const indexes = of("index").map((child) => parseIndex(child, { model, report }));
  const [display, ...moreDisplays] = of("display");
  for (const more of moreDisplays) report.problem(more, undefined, "keep one <display>");
  return {
    model: {
      ...model,
      indexes: uniqueIndexes([...toImpliedIndexes(model), ...indexes]),
      display: display && parseDisplay(display, { model, report }),
    },
    relations: new Map([...belongsTo, ...hasMany]),
  };
}

interface MemberContext {
  readonly names: Map<string, string>;
  readonly report: SchemaReport;
}

function parseBelongsTo(element: XmlElement, { names, report }: MemberContext): BelongsTo {
  report.knownAttributes(element, ["model", "name"]);
  const model = report.required(element, "model");
  const name = report.name(element, names, model);
  report.claim(element, names, `${name}_id`);
  return { name, model };
}

function parseHasMany(element: XmlElement, { names, report }: MemberContext): HasMany {
  report.knownAttributes(element, ["model", "name", "inverse-of"]);
  const model = report.required(element, "model");
  const name = report.name(element, names);
  return { name, model, inverseOf: report.required(element, "inverse-of") };
}

function uniqueIndexes(indexes: readonly Index[]): readonly Index[] {
  return [...new Map(indexes.map((index) => [JSON.stringify(index), index])).values()];
}
