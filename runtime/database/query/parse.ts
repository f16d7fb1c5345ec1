import { QueryError } from "./query_error.ts";
import { readTokens, type Token } from "./tokens.ts";
import { type Operator, operators, type Tree } from "./tree.ts";

const maxDepth = 100;

/**
 * Parses the text of a query.
 * @throws {QueryError} that shows where it is none.
 */
export function parseQuery(query: string): Tree {
  const parser = new Parser(query, readTokens(query));
  return parser.parse();
}

/**
 * One function per rule of the grammar:
 *
 *     expr := and ('or' and)*      and := term ('and' term)*
 *     term := field op '?' | '(' expr ')'
 */
class Parser {
  readonly #query: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(query: string, tokens: readonly Token[]) {
    this.#query = query;
    this.#tokens = tokens;
  }

  parse(): Tree {
    if (this.#peek().kind === "end") {
      throw new QueryError("Cannot parse an empty query: leave it out to get all objects", {
        query: this.#query,
      });
    }
    const tree = this.#expression(0);
    const rest = this.#peek();
    if (rest.kind === "end") return tree;
    if (rest.kind === ")") throw this.#error(rest, "no parenthesis is open here");
    throw this.#expected(rest, '"and" or "or"');
  }

  #expression(depth: number): Tree {
    return this.#chain("or", () => this.#chain("and", () => this.#term(depth)));
  }

  #chain(keyword: "and" | "or", readPart: () => Tree): Tree {
    const first = readPart();
    const parts = [first];
    while (this.#takeWord(keyword)) parts.push(readPart());
    return parts.length === 1 ? first : { kind: keyword, parts };
  }

  #term(depth: number): Tree {
    const token = this.#take();
    if (token.kind === "(") return this.#group(token, depth + 1);
    if (token.kind !== "word") throw this.#expected(token, 'a field or "("');
    const operator = this.#operator();
    const value = this.#take();
    if (value.kind !== "?") throw this.#expected(value, `? after "${operator}"`);
    return { kind: "term", field: token.text, operator, position: token.position };
  }

  #group(open: Token, depth: number): Tree {
    if (depth > maxDepth) {
      throw this.#error(open, `nest at most ${maxDepth} parentheses`);
    }
    const tree = this.#expression(depth);
    const close = this.#take();
    if (close.kind === "end") throw this.#error(open, 'close this "("');
    if (close.kind !== ")") throw this.#expected(close, '"and", "or" or ")"');
    return tree;
  }

  #operator(): Operator {
    const token = this.#take();
    if (token.kind === "symbol" || token.kind === "word") {
      const second = wordsAfter[token.text];
      const isPair = second !== undefined && this.#takeWord(second);
      const text = isPair ? `${token.text} ${second}` : token.text;
      const operator = operators.find((operator) => operator === text);
      if (operator !== undefined) return operator;
    }
    throw this.#expected(token, `an operator (${operators.join(", ")})`);
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "", position: this.#query.length };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #takeWord(text: string): boolean {
    const token = this.#peek();
    const isTaken = token.kind === "word" && token.text === text;
    if (isTaken) this.#next += 1;
    return isTaken;
  }

  #expected(token: Token, what: string): QueryError {
    const found = token.kind === "end" ? "the query ends" : `got "${token.text.slice(0, 40)}"`;
    return this.#error(token, `expected ${what}, ${found}${hintOf(token)}`);
  }

  #error({ position }: Token, text: string): QueryError {
    return new QueryError(`Cannot parse the query: ${text}`, { query: this.#query, position });
  }
}

/** The operators of two words, by the first. */
const wordsAfter: Readonly<Record<string, string | undefined>> = Object.assign(
  Object.create(null),
  { starts: "with", not: "in" },
);

const replacements: Readonly<Record<string, string | undefined>> = Object.assign(
  Object.create(null),
  { "==": "=", "===": "=", "<>": "!=", "!==": "!=", like: "contains", is: "=" },
);

function hintOf({ text }: Token): string {
  const lower = text.toLowerCase();
  const instead = replacements[lower] ??
    (text === lower || !/^(and|or|in|not|contains|starts|with)$/.test(lower) ? undefined : lower);
  return instead === undefined ? "" : `: write "${instead}"`;
}
