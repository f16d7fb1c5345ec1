import { bad, good, type Parsed } from "./parsed.ts";

/** Where in JSON a value lies. */
export interface MemberPath {
  /** As a person wrote it. */
  readonly text: string;
  /** Names of members, indexes of elements, and `*` for every one. */
  readonly steps: readonly string[];
}

const stepPattern = /(?:^|\.)([^.[\]"']+)|\[(\d+|\*)\]|\["([^"]+)"\]/y;

/** Reads a path as `$.card.number`, `card.number`, `items[*].code` or `["odd name"].x`. */
export function parseMemberPath(text: string): Parsed<MemberPath> {
  const body = text.replace(/^\$\.?/, "");
  const steps: string[] = [];
  stepPattern.lastIndex = 0;
  while (stepPattern.lastIndex < body.length) {
    const [, name, index, quoted] = stepPattern.exec(body) ?? [];
    const step = name ?? index ?? quoted;
    if (step === undefined) break;
    steps.push(step);
    if (stepPattern.lastIndex === body.length) return good({ text, steps });
  }
  return bad('give a path of JSON members, as "$.card.number" or "items[*].code"');
}
