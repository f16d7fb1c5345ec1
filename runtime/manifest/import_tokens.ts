/** A piece of JavaScript or TypeScript source, as far as imports need it. */
export interface SourceToken {
  readonly kind: "word" | "string" | "mark";
  /** The word, the inside of the string, or the one character. */
  readonly text: string;
  readonly line: number;
}

const skipped = /(?:\s+|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))+/y;
const word = /[\p{ID_Start}\p{Nd}$_#][\p{ID_Continue}$\u200c\u200d]*/uy;
const stringText = /'((?:[^'\\\n]|\\[^])*)'|"((?:[^"\\\n]|\\[^])*)"/y;
const regexText = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const templateText = /(?:[^`\\$]|\\[^]|\$(?!\{))*(`|\$\{|$)/y;
const wordBeforeRegex = /^(return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield)$/;

/**
 * Splits source text into words, strings and single characters; comments, regular expressions and
 * the text of templates are left out. Telling a regular expression from a division is a guess from
 * the token before it, good enough to find imports.
 */
export function readSourceTokens(source: string): readonly SourceToken[] {
  return new SourceReader(source).read();
}

class SourceReader {
  readonly #source: string;
  readonly #tokens: SourceToken[] = [];
  /** For each template that is open: how many braces are open inside its `${`. */
  readonly #templates: number[] = [];
  #offset = 0;
  #line = 1;

  constructor(source: string) {
    this.#source = source;
  }

  read(): readonly SourceToken[] {
    while (true) {
      this.#match(skipped);
      if (this.#offset >= this.#source.length) return this.#tokens;
      this.#readToken();
    }
  }

  #readToken(): void {
    const line = this.#line;
    const name = this.#match(word);
    if (name !== undefined) return this.#add("word", name[0], line);
    const text = this.#match(stringText);
    if (text !== undefined) return this.#add("string", text[1] ?? text[2] ?? "", line);
    if (this.#canBeRegex() && this.#match(regexText) !== undefined) return;
    this.#readMark(line);
  }

  #readMark(line: number): void {
    const mark = this.#source[this.#offset++] ?? "";
    const open = this.#templates.at(-1);
    if (mark === "`") return this.#readTemplate();
    if (mark === "}" && open === 0) {
      this.#templates.pop();
      return this.#readTemplate();
    }
    if (open !== undefined && (mark === "{" || mark === "}")) {
      this.#templates[this.#templates.length - 1] = open + (mark === "{" ? 1 : -1);
    }
    this.#add("mark", mark, line);
  }

  #readTemplate(): void {
    if (this.#match(templateText)?.[1] === "${") this.#templates.push(0);
    else this.#add("mark", "`", this.#line);
  }

  #canBeRegex(): boolean {
    const before = this.#tokens.at(-1);
    if (before === undefined) return true;
    if (before.kind === "mark") return !")]}`".includes(before.text);
    return before.kind === "word" && wordBeforeRegex.test(before.text);
  }

  #add(kind: SourceToken["kind"], text: string, line: number): void {
    this.#tokens.push({ kind, text, line });
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#offset;
    const match = pattern.exec(this.#source) ?? undefined;
    if (match === undefined) return undefined;
    this.#offset += match[0].length;
    this.#line += match[0].split("\n").length - 1;
    return match;
  }
}
