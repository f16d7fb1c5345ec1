const linesBefore = 2;
const linesAfter = 1;
/** Of a line of a bundle, so much around the place is shown. */
const maxWidth = 120;

/** A place in a text, both from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** Shows the line of a place with its neighbours and a mark below it; nothing where there is none. */
export function toExcerpt(text: string, { line, column }: TextPlace): readonly string[] {
  const all = text.split(/\r?\n/);
  if (all[line - 1] === undefined || all[line - 1]?.trim() === "") return [];
  const first = Math.max(1, line - linesBefore);
  const last = Math.min(all.length, line + linesAfter);
  const digits = String(last).length;
  // The same part of every line, so that they stay below each other.
  const from = column <= maxWidth ? 0 : column - Math.floor(maxWidth / 2);
  const lines: string[] = [];
  for (let number = first; number <= last; number++) {
    const shown = (all[number - 1] ?? "").slice(from, from + maxWidth);
    const isPlace = number === line;
    const label = String(number).padStart(digits);
    lines.push(`${isPlace ? "  > " : "    "}${label} | ${shown}`.trimEnd());
    if (isPlace) lines.push(`    ${" ".repeat(digits)} | ${toMark(shown, column - from)}`);
  }
  return trimEmpty(lines);
}

/** Tabs stay tabs, whatever their width. */
function toMark(shown: string, column: number): string {
  return `${shown.slice(0, column - 1).replaceAll(/[^\t]/g, " ")}^`;
}

function trimEmpty(lines: readonly string[]): readonly string[] {
  const isEmpty = (line: string) => /^\s+\d+ \|$/.test(line);
  const first = lines.findIndex((line) => !isEmpty(line));
  const last = lines.findLastIndex((line) => !isEmpty(line));
  return lines.slice(first, last + 1);
}
