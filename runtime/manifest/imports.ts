import { readSourceTokens, type SourceToken } from "./import_tokens.ts";

/** An import, or a re-export, as the source names it. */
export interface SourceImport {
  readonly specifier: string;
  readonly line: number;
  /** What `with { type: "…" }` says. */
  readonly type: string | undefined;
}

/** Lists what a module imports, `import()` of plain strings included and `import type` not. */
export function findImports(source: string): readonly SourceImport[] {
  const tokens = readSourceTokens(source);
  return tokens.flatMap((token, index) => {
    if (token.kind !== "word" || isMark(tokens[index - 1], ".")) return [];
    const at = specifierIndex(tokens, index);
    const specifier = at === undefined ? undefined : tokens[at];
    if (at === undefined || specifier?.kind !== "string") return [];
    return [{ specifier: specifier.text, line: specifier.line, type: typeAfter(tokens, at + 1) }];
  });
}

/** Finds the string that the `import` or `export` at `index` takes its module's name from. */
function specifierIndex(tokens: readonly SourceToken[], index: number): number | undefined {
  const next = tokens[index + 1];
  switch (tokens[index]?.text) {
    case "import":
      if (isMark(next, "(")) return isWholeArgument(tokens, index + 2) ? index + 2 : undefined;
      return next?.kind === "string" ? index + 1 : fromIndex(tokens, index + 1);
    case "export":
      return isMark(next, "*") || isMark(next, "{") ? fromIndex(tokens, index + 1) : undefined;
    default:
      return undefined;
  }
}

/** What goes on after the string, as `"./lang/" + name`, is worked out when it runs. */
function isWholeArgument(tokens: readonly SourceToken[], index: number): boolean {
  const after = tokens[index + 1];
  return isMark(after, ")") || isMark(after, ",");
}

/** Walks a clause such as `a, { b as c } from "x"`; anything else ends it. */
function fromIndex(tokens: readonly SourceToken[], start: number): number | undefined {
  if (isTypeOnly(tokens, start)) return undefined;
  for (let index = start; index < tokens.length; index++) {
    const token = tokens[index];
    const next = tokens[index + 1];
    if (token?.kind === "word" && token.text === "from" && next?.kind === "string") {
      return index + 1;
    }
    const isClosed = isMark(tokens[index - 1], "}") && index > start;
    if (isClosed && !(token?.text === "from")) return undefined;
    if (token?.kind === "mark" && !"{},*".includes(token.text)) return undefined;
  }
  return undefined;
}

function isTypeOnly(tokens: readonly SourceToken[], start: number): boolean {
  if (tokens[start]?.text !== "type") return false;
  const next = tokens[start + 1];
  // `import type from "x"` and `import type, { a } from "x"` import a value called "type".
  return !isMark(next, ",") && !(next?.text === "from" && tokens[start + 2]?.kind === "string");
}

/** Reads `with { type: "json" }`, or the second argument of `import()`. */
function typeAfter(tokens: readonly SourceToken[], start: number): string | undefined {
  const isAttribute = tokens[start]?.text === "with" || isMark(tokens[start], ",");
  if (!isAttribute) return undefined;
  for (let index = start + 1; index < start + maxAttributeTokens; index++) {
    const value = tokens[index + 2];
    if (tokens[index]?.text === "type" && value?.kind === "string") return value.text;
    if (isMark(tokens[index], "}")) return undefined;
  }
  return undefined;
}

const maxAttributeTokens = 30;

function isMark(token: SourceToken | undefined, text: string): boolean {
  return token?.kind === "mark" && token.text === text;
}
