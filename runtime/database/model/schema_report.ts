import { didYouMean } from "../../base/nearest.ts";
import { maxNameLength, namePattern } from "./names.ts";
import { offsetOf, placeAt, type XmlElement } from "./xml.ts";

interface Problem {
  readonly place: { readonly line: number; readonly column: number };
  readonly text: string;
}

/** Elements of CloudCode that mean nothing to web tasks. */
const ignoredElements = ["webhook", "notify-user"];

/** What is said about a `schema.xml` while it is read, with the steps that most parts share. */
export class SchemaReport {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #text: string;
  readonly #ignored = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  /** Something that must be corrected, at an element or at one of its attributes. */
  problem(element: XmlElement | undefined, attribute: string | undefined, text: string): void {
    this.problems.push({ place: this.#placeOf(element, attribute), text });
  }

  /** Something that is accepted. */
  warning(element: XmlElement, attribute: string | undefined, text: string): void {
    this.warnings.push({ place: this.#placeOf(element, attribute), text });
  }

  /** Reports attributes that mean nothing here, each name once. */
  knownAttributes(element: XmlElement, known: readonly string[]): void {
    for (const name of element.attributes.keys()) {
      if (known.includes(name)) continue;
      const what = `attribute "${name}" of <${element.tag}>`;
      this.#ignore(what, element, name, didYouMean(name, known));
    }
  }

  /** The children of an element; unknown ones are problems, or ignored where CloudCode has them. */
  children(element: XmlElement, known: readonly string[]): readonly XmlElement[] {
    for (const child of element.children) {
      if (known.includes(child.tag)) continue;
      if (ignoredElements.includes(child.tag)) {
        this.#ignore(`<${child.tag}>`, child, undefined, "");
      } else {
        const fix = `remove <${child.tag}>: <${element.tag}> may hold ${listOf(known)}`;
        this.problem(child, undefined, fix + didYouMean(child.tag, known));
      }
    }
    return element.children.filter(({ tag }) => known.includes(tag));
  }

  /** The value of an attribute that must be there. */
  required(element: XmlElement, attribute: string): string {
    const value = element.attributes.get(attribute);
    if (value) return value;
    this.problem(element, attribute, `give <${element.tag}> ${attribute}="…"`);
    return "";
  }

  /** A table of taken names, by what the engine tells apart: it ignores case. */
  names(reserved: readonly string[]): Map<string, string> {
    return new Map(reserved.map((name) => [name.toLowerCase(), ""]));
  }

  /** The name of an element, checked and taken. */
  name(element: XmlElement, taken: Map<string, string>, usual?: string): string {
    const name = element.attributes.get("name") ?? usual ?? this.required(element, "name");
    if (name === "") return name;
    if (!namePattern.test(name)) {
      const fix = 'begin with a letter, and use letters, digits and "_"';
      this.problem(element, "name", `choose another name than "${name}": ${fix}`);
    } else if (name.length > maxNameLength) {
      this.problem(element, "name", `choose a name of at most ${maxNameLength} characters`);
    } else {
      this.claim(element, taken, name);
      if (name.toLowerCase().endsWith("_id")) {
        const reason = "such names look like those of belongs-to columns";
        this.warning(element, "name", `"${name}" ends in _id: ${reason}`);
      }
    }
    return name;
  }

  /** Takes a name; one that is taken or reserved is a problem. */
  claim(element: XmlElement, taken: Map<string, string>, name: string): void {
    const other = taken.get(name.toLowerCase());
    if (other === undefined) taken.set(name.toLowerCase(), name);
    else {
      const reason = other === "" ? "it is reserved" : `it is taken by "${other}"`;
      this.problem(element, "name", `choose another name than "${name}": ${reason}`);
    }
  }

  #ignore(what: string, element: XmlElement, attribute: string | undefined, hint: string): void {
    if (this.#ignored.has(what)) return;
    this.#ignored.add(what);
    this.warning(element, attribute, `${what} is ignored${hint}`);
  }

  #placeOf(element: XmlElement | undefined, attribute: string | undefined) {
    if (element === undefined) return { line: 1, column: 1 };
    const offset = attribute === undefined
      ? element.offset
      : offsetOf(this.#text, element, attribute);
    return placeAt(this.#text, offset);
  }
}

function listOf(tags: readonly string[]): string {
  return tags.length === 0 ? "nothing" : tags.map((tag) => `<${tag}>`).join(", ");
}
