import { RuntimeError } from "../base/errors.ts";

/** The keys and indexes that lead to a JSON value. */
export type JsonPath = readonly (string | number)[];

/** A JSON value with its place in the text: `end` is the offset behind it. */
export type JsonNode =
  | {
    readonly kind: "object";
    readonly start: number;
    readonly end: number;
    readonly members: readonly JsonMember[];
  }
  | {
    readonly kind: "array";
    readonly start: number;
    readonly end: number;
    readonly items: readonly JsonNode[];
  }
  | { readonly kind: "scalar"; readonly start: number; readonly end: number };

/** One `"key": value` of an object. */
export interface JsonMember {
  readonly key: string;
  readonly start: number;
  readonly value: JsonNode;
}

/** JSON read from text, or the first place where it is not JSON. */
export type JsonText =
  | { readonly kind: "parsed"; readonly value: unknown; readonly root: JsonNode }
  | { readonly kind: "broken"; readonly offset: number; readonly fix: string };

const maxDepth = 100;
const stringToken =
  // deno-lint-ignore no-control-regex -- JSON forbids exactly these. Source: RFC 8259 §7.
  /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const scalarToken = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const space = /[ \t\r\n]*/y;

/**
 * Reads JSON and keeps the place of each value: the parsers of the runtimes tell no place, or each
 * in its own words.
 */
export function parseJsonText(text: string): JsonText {
  const scanner = new JsonScanner(text);
  try {
    const root = scanner.document();
    return { kind: "parsed", value: JSON.parse(text), root };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return { kind: "broken", offset: scanner.offset, fix: error.message };
  }
}

/** A place in a text as editors show it; both count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Finds line and column of an offset. */
export function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** Lists the paths of keys that an object has twice: JSON.parse silently keeps the last. */
export function duplicateKeys(node: JsonNode, path: JsonPath = []): readonly JsonPath[] {
  if (node.kind === "scalar") return [];
  if (node.kind === "array") {
    return node.items.flatMap((item, index) => duplicateKeys(item, [...path, index]));
  }
  const seen = new Set<string>();
  return node.members.flatMap(({ key, value }) => {
    const place = [...path, key];
    const inside = duplicateKeys(value, place);
    if (seen.has(key)) return [place, ...inside];
    seen.add(key);
    return inside;
  });
}

class JsonScanner {
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get offset(): number {
    return this.#offset;
  }

  document(): JsonNode {
    const root = this.#value(0);
    this.#skipSpace();
    return this.#offset === this.#text.length ? root : this.#fail("remove what follows the value");
  }

  #value(depth: number): JsonNode {
    if (depth > maxDepth) return this.#fail(`nest at most ${maxDepth} levels`);
    this.#skipSpace();
    const start = this.#offset;
    if (this.#take("{")) {
      const members = this.#list("}", () => this.#member(depth));
      return { kind: "object", start, end: this.#offset, members };
    }
    if (this.#take("[")) {
      const items = this.#list("]", () => this.#value(depth + 1));
      return { kind: "array", start, end: this.#offset, items };
    }
    if (this.#match(stringToken) === undefined && this.#match(scalarToken) === undefined) {
      this.#fail(this.#adviceHere());
    }
    return { kind: "scalar", start, end: this.#offset };
  }

  #list<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    this.#skipSpace();
    if (this.#take(close)) return items;
    while (true) {
      this.#requireMore(close);
      items.push(item());
      this.#skipSpace();
      if (this.#take(close)) return items;
      this.#requireMore(close);
      if (!this.#take(",")) this.#fail(`put "," or "${close}" here`);
      this.#skipSpace();
      if (this.#text[this.#offset] === close) this.#fail(`remove the "," before this "${close}"`);
    }
  }

  #member(depth: number): JsonMember {
    this.#skipSpace();
    const start = this.#offset;
    const key = this.#match(stringToken) ?? this.#fail("put a key in double quotes here");
    this.#skipSpace();
    if (!this.#take(":")) this.#fail('put ":" here');
    return { key: String(JSON.parse(key)), start, value: this.#value(depth + 1) };
  }

  #requireMore(close: string): void {
    if (this.#offset < this.#text.length) return;
    const what = close === "}" ? "object" : "array";
    this.#fail(`the text ends too early: close the ${what} with "${close}"`);
  }

  #adviceHere(): string {
    if (this.#offset >= this.#text.length) return "the text ends too early: put a value here";
    if (/['`]/.test(this.#text[this.#offset] ?? "")) return "use double quotes";
    if (this.#text.startsWith("/", this.#offset)) return "remove the comment: JSON has none";
    if (this.#text[this.#offset] === '"') return "end this string, and escape what JSON asks to";
    return "put a JSON value here";
  }

  #skipSpace(): void {
    this.#match(space);
  }

  #take(character: string): boolean {
    if (this.#text[this.#offset] !== character) return false;
    this.#offset++;
    return true;
  }

  #match(token: RegExp): string | undefined {
    token.lastIndex = this.#offset;
    const text = token.exec(this.#text)?.[0];
    this.#offset += text?.length ?? 0;
    return text;
  }

  #fail(fix: string): never {
    throw new RuntimeError("bad_manifest", fix);
  }
}
