import type { JsonPath, TextPosition } from "./json_text.ts";

/** One thing wrong with a manifest, and what to do about it. */
export interface ManifestProblem {
  readonly file: string;
  /** Where the JSON is broken; `undefined` once it could be read. */
  readonly position: TextPosition | undefined;
  /** The place in the JSON, as `tasks.slow.timeout`; empty for the file itself. */
  readonly path: string;
  /** The value found there as short JSON; `undefined` when there is none. */
  readonly value: string | undefined;
  /** What to write instead. */
  readonly fix: string;
}

/** Says what is wrong at a place of the manifest that is being read. */
export type Report = (path: JsonPath, value: unknown, fix: string) => void;

const maxValueLength = 60;
const maxListed = 20;

/** Returns a problem as one line: file, JSON path, value, fix. */
export function formatProblem({ file, position, path, value, fix }: ManifestProblem): string {
  const place = position === undefined ? file : `${file}:${position.line}:${position.column}`;
  return [place, path, value, fix].filter((part) => part !== undefined && part !== "").join(": ");
}

/** Returns problems one a line; a long list is cut, with the number of what is left out. */
export function formatProblems(problems: readonly ManifestProblem[]): string {
  const lines = problems.slice(0, maxListed).map(formatProblem);
  const left = problems.length - lines.length;
  return [...lines, ...(left > 0 ? [`… and ${left} more`] : [])].join("\n");
}

/** Writes a JSON path the way JavaScript would: `tasks["a b"].cors.origin[0]`. */
export function formatPath(path: JsonPath): string {
  return path.map((part, index) => {
    if (typeof part === "number") return `[${part}]`;
    if (!/^[A-Za-z_$][\w$-]*$/.test(part)) return `[${JSON.stringify(part)}]`;
    return index === 0 ? part : `.${part}`;
  }).join("");
}

/** Shows a JSON value in an error; long ones are cut. */
export function formatValue(value: unknown): string | undefined {
  const text = JSON.stringify(value);
  if (text === undefined || text.length <= maxValueLength) return text;
  return `${text.slice(0, maxValueLength)}…`;
}
