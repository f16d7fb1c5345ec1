/** The operators of the query language, the longest first where one begins like another. */
export const operators = [
  "starts with",
  "contains",
  "not in",
  "in",
  "!=",
  "<=",
  ">=",
  "=",
  "<",
  ">",
] as const;

/** One of the operators of the query language. */
export type Operator = (typeof operators)[number];

/** A query as a tree; the value of each term is its `?`, in the order of the text. */
export type Tree =
  | { readonly kind: "and" | "or"; readonly parts: readonly Tree[] }
  | Term;

/** A comparison of a field. */
export interface Term {
  readonly kind: "term";
  readonly field: string;
  readonly operator: Operator;
  /** Where the field stands in the text. */
  readonly position: number;
}

/** Writes a tree as text that parses to the same tree. */
export function printTree(tree: Tree): string {
  if (tree.kind === "term") return `${tree.field} ${tree.operator} ?`;
  return tree.parts.map((part) => printPart(part, tree.kind)).join(` ${tree.kind} `);
}

/** Lists the terms of a tree in the order of their text. */
export function termsOf(tree: Tree): readonly Term[] {
  return tree.kind === "term" ? [tree] : tree.parts.flatMap(termsOf);
}

/** Only an `and` within an `or` is the same without parentheses. */
function printPart(part: Tree, outer: "and" | "or"): string {
  const isPlain = part.kind === "term" || (part.kind === "and" && outer === "or");
  return isPlain ? printTree(part) : `(${printTree(part)})`;
}
