const maxShownChars = 80;

/** The error of a query that cannot be run: its text, its arguments, or what it asks for. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly query: string;
  /** Where in the query the mistake is, from 0; `undefined` when it is at no one place. */
  readonly position: number | undefined;

  constructor(message: string, options: { query: string; position?: number | undefined }) {
    const { query, position } = options;
    super(position === undefined ? message : `${message}\n${caret(query, position)}`);
    this.query = query;
    this.position = position;
  }
}

/** The line of the query around a place, and a caret below it. */
function caret(query: string, position: number): string {
  const start = Math.max(0, position - maxShownChars / 2);
  const shown = query.slice(start, start + maxShownChars).replaceAll(/\s/g, " ");
  const before = start > 0 ? "…" : "";
  const after = start + maxShownChars < query.length ? "…" : "";
  const indent = " ".repeat(before.length + position - start);
  return `  ${before}${shown}${after}\n  ${indent}^`;
}
