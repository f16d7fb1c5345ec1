/** A line of a stack that names a place in a file. */
export interface StackFrame {
  /** What stands before the place, as `    at get (`. */
  readonly before: string;
  /** A path or a file URL. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly after: string;
}

const framePattern = /^(\s+at (?:async )?(?:[^(]*\()?)(.+):(\d+):(\d+)(\)?)$/;

/** Reads a line of a stack; `undefined` when it names no place. */
export function parseFrame(text: string): StackFrame | undefined {
  const [, before, file, line, column, after] = framePattern.exec(text) ?? [];
  if (before === undefined || file === undefined || after === undefined) return undefined;
  return { before, file, line: Number(line), column: Number(column), after };
}

/** Writes a line of a stack. */
export function formatFrame({ before, file, line, column, after }: StackFrame): string {
  return `${before}${file}:${line}:${column}${after}`;
}
