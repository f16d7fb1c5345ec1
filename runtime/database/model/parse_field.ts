import { didYouMean } from "../../base/nearest.ts";
import { type ChoiceOption, type Field, type FieldType, fieldTypes } from "./data_model.ts";
import type { SchemaReport } from "./schema_report.ts";
import type { XmlElement } from "./xml.ts";

const maxOptions = 1000;

/** Reads a `<field>`. */
export function parseFieldElement(
  element: XmlElement,
  { names, report }: { readonly names: Map<string, string>; readonly report: SchemaReport },
): Field {
  report.knownAttributes(element, ["name", "label", "type"]);
  const name = report.name(element, names);
  const type = parseType(element, report);
  const options = parseOptions(element, { type, report });
  return { name, label: element.attributes.get("label") ?? name, type, options };
}

function parseType(element: XmlElement, report: SchemaReport): FieldType {
  const given = report.required(element, "type");
  const base = given.startsWith("text:") ? "text" : given;
  const type = fieldTypes.find((type) => type === base);
  if (type === undefined && given !== "") {
    const known = `one of ${fieldTypes.join(", ")}`;
    report.problem(
      element,
      "type",
      `choose ${known}: got "${given}"${didYouMean(given, fieldTypes)}`,
    );
  }
  return type ?? "text";
}

function parseOptions(
  element: XmlElement,
  { type, report }: { readonly type: FieldType; readonly report: SchemaReport },
): readonly ChoiceOption[] {
  const isChoice = type.includes("choice");
  const children = report.children(element, isChoice ? ["option"] : []);
  if (!isChoice) return [];
  if (children.length === 0 || children.length > maxOptions) {
    report.problem(element, undefined, `give 1 to ${maxOptions} <option key="…">`);
  }
  const seen = new Set<string | number>();
  return children.map((child) => {
    report.knownAttributes(child, ["key"]);
    const key = parseKey(child, { type, report });
    if (seen.has(key)) report.problem(child, "key", `keep one <option> with the key "${key}"`);
    seen.add(key);
    return { key, label: child.text === "" ? String(key) : child.text };
  });
}

function parseKey(
  element: XmlElement,
  { type, report }: { readonly type: FieldType; readonly report: SchemaReport },
): string | number {
  const key = report.required(element, "key");
  if (!type.endsWith("-integer") || key === "") return key;
  const number = Number(key);
  const isInteger = /^-?\d+$/.test(key) && Number.isSafeInteger(number);
  if (!isInteger) report.problem(element, "key", `give a whole number as the key: got "${key}"`);
  return isInteger ? number : 0;
}
