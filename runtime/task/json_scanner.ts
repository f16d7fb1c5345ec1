import { Unreachable } from "../base/errors.ts";

const space = " \t\n\r";
const digits = "0123456789";
const hexDigits = "0123456789abcdefABCDEF";
const simpleEscapes = '"\\/bfnrt';
const quote = 0x22;
const backslash = 0x5c;
const firstPrintable = 0x20;

/** What a JSON text may go on with. */
type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or close" | "end";

/**
 * Finds where a text stops being JSON (RFC 8259): the index of the first character that cannot
 * stand there, the length of a text that ends too early, `undefined` for JSON. Runtimes word and
 * place this differently, so it is asked once `JSON.parse` has refused.
 */
export function findJsonError(text: string): number | undefined {
  return new JsonScanner(text).scan();
}

/** Keeps its own stack of open brackets: no depth of nesting overflows the runtime's. */
class JsonScanner {
  readonly #text: string;
  /** Whether the bracket at each depth is `{`. */
  readonly #isObject: Uint8Array;
  #depth = 0;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#isObject = new Uint8Array(text.length + 1);
  }

  scan(): number | undefined {
    let expected: Expected | undefined = "value";
    while (expected !== undefined) {
      this.#skip(space);
      if (expected === "end") return this.#at === this.#text.length ? undefined : this.#at;
      expected = this.#step(expected);
    }
    return this.#at;
  }

  /** Reads one token; undefined when what stands there is not expected. */
  #step(expected: Exclude<Expected, "end">): Expected | undefined {
    switch (expected) {
      case "value":
        return this.#value();
      case "value or ]":
        return this.#take("]") ? this.#close() : this.#value();
      case "key":
        return this.#string() ? "colon" : undefined;
      case "key or }":
        return this.#take("}") ? this.#close() : this.#step("key");
      case "colon":
        return this.#take(":") ? "value" : undefined;
      case "comma or close":
        return this.#commaOrClose();
      default:
        throw new Unreachable(expected);
    }
  }

  #value(): Expected | undefined {
    if (this.#take("{")) return this.#open(true);
    if (this.#take("[")) return this.#open(false);
    return this.#scalar() ? this.#afterValue() : undefined;
  }

  #scalar(): boolean {
    switch (this.#text[this.#at]) {
      case '"':
        return this.#string();
      case "t":
        return this.#word("true");
      case "f":
        return this.#word("false");
      case "n":
        return this.#word("null");
      default:
        return this.#number();
    }
  }

  #open(isObject: boolean): Expected {
    this.#depth++;
    this.#isObject[this.#depth] = Number(isObject);
    return isObject ? "key or }" : "value or ]";
  }

  #close(): Expected {
    this.#depth--;
    return this.#afterValue();
  }

  #afterValue(): Expected {
    return this.#depth === 0 ? "end" : "comma or close";
  }

  #commaOrClose(): Expected | undefined {
    const isObject = this.#isObject[this.#depth] === 1;
    if (this.#take(",")) return isObject ? "key" : "value";
    return this.#take(isObject ? "}" : "]") ? this.#close() : undefined;
  }

  #string(): boolean {
    if (!this.#take('"')) return false;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      // NaN, past the end, is not greater either.
      if (!(code >= firstPrintable)) return false;
      this.#at++;
      if (code === quote) return true;
      if (code === backslash && !this.#escape()) return false;
    }
  }

  #escape(): boolean {
    if (!this.#take("u")) return this.#takeAny(simpleEscapes);
    for (let i = 0; i < 4; i++) if (!this.#takeAny(hexDigits)) return false;
    return true;
  }

  #number(): boolean {
    this.#take("-");
    if (!this.#take("0") && !this.#skip(digits)) return false;
    if (this.#take(".") && !this.#skip(digits)) return false;
    if (!this.#takeAny("eE")) return true;
    this.#takeAny("+-");
    return this.#skip(digits);
  }

  #word(word: string): boolean {
    return [...word].every((letter) => this.#take(letter));
  }

  /** Passes every following character of a set; says whether there was one. */
  #skip(set: string): boolean {
    const start = this.#at;
    while (this.#takeAny(set));
    return this.#at > start;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #takeAny(set: string): boolean {
    const character = this.#text[this.#at];
    return character !== undefined && set.includes(character) && this.#take(character);
  }
}
