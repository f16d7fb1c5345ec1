import { XMLParser, XMLValidator } from "fast-xml-parser";

/** A place in a text, from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** An element of an XML document, and where it is. */
export interface XmlElement {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly in it. */
  readonly text: string;
  readonly offset: number;
}

/** What became of a document: its outermost elements, or where it breaks. */
export type XmlResult =
  | { readonly kind: "read"; readonly elements: readonly XmlElement[] }
  | { readonly kind: "broken"; readonly place: TextPlace; readonly reason: string };

const attributesKey = ":@";
const textKey = "#text";

/** Reads XML text; entities that a document declares itself are refused. */
export function readXml(text: string): XmlResult {
  const entities = /<!(DOCTYPE|ENTITY)/i.exec(text);
  if (entities) {
    return broken(placeAt(text, entities.index), "leave document types and entities out");
  }
  const valid = XMLValidator.validate(text);
  if (valid !== true) {
    const { line, col = 1, msg } = valid.err;
    return broken({ line, column: col }, msg.replace(/\.$/, ""));
  }
  try {
    const nodes: unknown = createParser().parse(text);
    return { kind: "read", elements: toElements(nodes, text) };
  } catch (error) {
    // Deeper nesting than the parser takes: nothing of a schema is that deep.
    const reason = error instanceof Error ? error.message : "it cannot be read";
    return broken({ line: 1, column: 1 }, reason);
  }
}

/** The place of an offset; characters count as Unicode does. */
export function placeAt(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return {
    line: before.split("\n").length,
    column: [...before.slice(lineStart)].length + 1,
  };
}

/** Where an attribute of an element is written; where the element is when it has none. */
export function offsetOf(text: string, { offset }: XmlElement, attribute: string): number {
  const startTag = text.slice(offset, text.indexOf(">", offset));
  const at = startTag.search(new RegExp(`\\s${attribute}\\s*=`));
  return at < 0 ? offset : offset + at + 1;
}

function createParser(): XMLParser {
  return new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    captureMetaData: true,
    ignoreDeclaration: true,
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
  });
}

function toElements(nodes: unknown, text: string): readonly XmlElement[] {
  return Array.isArray(nodes)
    ? nodes.map((node) => toElement(node, text)).filter((element) => element !== undefined)
    : [];
}

function toElement(node: unknown, text: string): XmlElement | undefined {
  const record = asRecord(node);
  const tag = Object.keys(record).find((key) => key !== attributesKey && key !== textKey);
  if (tag === undefined) return undefined;
  const inside: unknown = record[tag];
  const metaData: unknown = XMLParser.getMetaDataSymbol();
  const { startIndex } = asRecord(
    typeof metaData === "symbol" ? Reflect.get(record, metaData) : undefined,
  );
  const attributes = Object.entries(asRecord(record[attributesKey]));
  return {
    tag,
    attributes: new Map(attributes.map(([name, value]) => [name, String(value)])),
    children: toElements(inside, text),
    text: (Array.isArray(inside) ? inside : []).map((part) => asRecord(part)[textKey] ?? "")
      .join("").trim(),
    offset: Number(startIndex ?? 0),
  };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function broken(place: TextPlace, reason: string): XmlResult {
  return { kind: "broken", place, reason };
}
