import * as v from "valibot";
import type { Parsed } from "../base/parsed.ts";
import { isSecretHeader } from "../base/secret_headers.ts";
import { parseMemberPath } from "../base/member_path.ts";
import { parseDuration } from "../base/units.ts";

// The messages are the "fix" half of a problem: reading the manifest adds file, path and value.

/** A duration as text, read as milliseconds. */
export function durationSchema(sentence: string) {
  const hint = 'give a duration with a unit, as "60s"';
  const pattern = "^\\d+(\\.\\d+)? ?(ms|s|m|h|d)$";
  return v.pipe(
    v.string(hint),
    v.metadata({ description: sentence, pattern }),
    v.rawTransform(transformBy(parseDuration)),
  );
}

/** A duration in whole seconds, read as seconds. */
export function secondsSchema(sentence: string) {
  return v.pipe(
    durationSchema(sentence),
    v.check((durationMs) => durationMs % 1000 === 0, 'give whole seconds, as "600s"'),
    v.transform((durationMs) => durationMs / 1000),
  );
}

/** A size as text, read as bytes within the limits of `parse`. */
export function sizeSchema(sentence: string, parse: (text: string) => Parsed<number>) {
  const pattern = "^\\d+(\\.\\d+)? ?([KMGkmg][Ii]?)?[Bb]$";
  return v.pipe(
    v.string('give a size with a unit, as "5MiB"'),
    v.metadata({ description: sentence, pattern }),
    v.rawTransform(transformBy(parse)),
  );
}

/** The path of a member of a JSON body. */
export const memberPathSchema = v.pipe(
  v.string('give a path of JSON members, as "$.card.number"'),
  v.rawTransform(transformBy(parseMemberPath)),
);

function transformBy<T>(parse: (text: string) => Parsed<T>) {
  return ({ dataset, addIssue, NEVER }: v.RawTransformContext<string>): T => {
    const result = parse(dataset.value);
    if (result.kind === "good") return result.value;
    addIssue({ message: result.fix });
    return NEVER;
  };
}

const wholeNumber = "give a whole number, without quotes";

/** A whole number within limits. */
export function countSchema(least: number, most: number) {
  return v.pipe(
    v.number(wholeNumber),
    v.integer(wholeNumber),
    v.minValue(least, `give at least ${least}`),
    v.maxValue(most, `give at most ${most}`),
  );
}

/** true or false. */
export const flagSchema = v.boolean("give true or false, without quotes");

/** A header name in any case, read as lower case. Source: RFC 9110 §5.1. */
export const headerNameSchema = v.pipe(
  v.string('give a header name, as "X-Total"'),
  v.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'give a header name, as "X-Total"'),
  v.toLowerCase(),
);

/** The name of a header that may be stored, read as lower case. */
export const storedHeaderSchema = v.pipe(
  headerNameSchema,
  v.check((name) => !isSecretHeader(name), "it may hold a secret and is never stored: remove it"),
);

/** An origin exactly as browsers send it. Source: WHATWG URL, serialization of origins. */
export const originSchema = v.pipe(
  v.string('give an origin, as "https://x.example"'),
  v.rawCheck<string>(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const fix = originFix(dataset.value);
    if (fix !== undefined) addIssue({ message: fix });
  }),
);

function originFix(text: string): string | undefined {
  if (text === "*") return 'write "origin": "*" without a list to let every origin in';
  const example = 'give an origin, as "https://x.example"';
  if (!URL.canParse(text)) return example;
  const { protocol, host, origin } = new URL(text);
  if (!/^https?:$/.test(protocol) || host === "") return example;
  return text === origin ? undefined : `give the origin alone, as ${JSON.stringify(origin)}`;
}
