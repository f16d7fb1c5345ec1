import { QueryError } from "./query_error.ts";

/** The smallest part of a query that means something. */
export interface Token {
  readonly kind: "word" | "symbol" | "?" | "(" | ")" | "end";
  readonly text: string;
  readonly position: number;
}

/** Longer texts than this are no queries. */
const maxQueryLength = 64 * 1024;

const blank = /[ \t\r\n]+/y;
const word = /[A-Za-z][A-Za-z0-9_]*/y;
const symbol = /[=!<>]+/y;
const keywords = ["and", "or", "in", "not", "contains", "starts", "with"];

/**
 * Splits a query into tokens.
 * @throws {QueryError} at the first character that belongs to none, and where two run together.
 */
export function readTokens(query: string): readonly Token[] {
  if (query.length > maxQueryLength) {
    const message =
      `Cannot parse a query as it must be <= ${maxQueryLength} characters: got ${query.length}`;
    throw new QueryError(message, { query: query.slice(0, 100) });
  }
  const tokens: Token[] = [];
  let position = 0;
  while (true) {
    position += matchAt(blank, query, position).length;
    const token = readToken(query, position);
    requireGap(tokens.at(-1), token, query);
    tokens.push(token);
    if (token.kind === "end") return tokens;
    position += token.text.length;
  }
}

function readToken(query: string, position: number): Token {
  const next = query[position];
  if (next === undefined) return { kind: "end", text: "", position };
  if (next === "?" || next === "(" || next === ")") return { kind: next, text: next, position };
  const text = matchAt(word, query, position);
  if (text !== "") return { kind: "word", text, position };
  const sign = matchAt(symbol, query, position);
  if (sign !== "") return { kind: "symbol", text: sign, position };
  throw new QueryError(`Cannot parse the query: ${unexpected(next)}`, { query, position });
}

/** Words and their neighbours stand apart: `andid`, `and(` and `?or` read like something else. */
function requireGap(before: Token | undefined, token: Token, query: string): void {
  if (before === undefined || before.position + before.text.length < token.position) return;
  const isOfWords = isKeyword(before) && (token.kind === "(" || token.kind === "?") ||
    isKeyword(token) && (before.kind === "?" || before.kind === ")");
  const isTwice = before.kind === "?" && (token.kind === "?" || token.kind === "word");
  if (!isOfWords && !isTwice) return;
  const message = `Cannot parse the query: put a space before "${token.text}"`;
  throw new QueryError(message, { query, position: token.position });
}

function isKeyword({ kind, text }: Token): boolean {
  return kind === "word" && keywords.includes(text);
}

function unexpected(character: string): string {
  const values = "values are given as arguments, each for a ?";
  if (/['"`0-9-]/.test(character)) return `write ? in place of a value: ${values}`;
  return `unexpected ${JSON.stringify(character)}`;
}

function matchAt(pattern: RegExp, text: string, position: number): string {
  // Where the last match has ended is of no interest: each one begins where it is told to.
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0] ?? "";
}
