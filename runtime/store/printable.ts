/**
 * Replaces control characters but tab and newline: those of a client or a task must not steer the
 * terminal of the operator.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "\ufffd");
}

/** The same for what must stay within one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll("\n", "\ufffd");
}
