import type { Failure, FailureCode } from "../protocol/call.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { hasFrames, trimOwnFrames } from "./own_frames.ts";

const maxMessageLength = 1000;
const maxCauses = 10;
const maxStackBytes = 64 * 1024;
const namesOfNoInterest = ["RuntimeError", "ResolveMessage", "BuildMessage"];
const encoder = new TextEncoder();

/**
 * Turns whatever task code threw into a failure that completes "Cannot …". Never throws itself, be
 * the value a revoked proxy or full of throwing getters.
 */
export function toFailure(code: FailureCode, doing: string, thrown: unknown): Failure {
  return { ...failure(code, `Cannot ${doing}: ${summarize(thrown)}`), stack: stackOf(thrown) };
}

/** Describes a thrown value in full: its stack, or what there is of it; never throws. */
export function explain(thrown: unknown): string {
  return stackOf(thrown) ?? summarize(thrown);
}

/** A failure without an error behind it; the client learns nothing of either kind. */
export function failure(code: FailureCode, message: string): Failure {
  return { code, message, stack: undefined, publicMessage: undefined };
}

/** Describes a thrown value in one line, as `TypeError: x is not a function`; never throws. */
export function summarize(thrown: unknown): string {
  const [line = ""] = headerOf(representative(thrown)).split(/[\r\n]/, 1);
  return line.slice(0, maxMessageLength);
}

/** An AggregateError only says how many errors it holds: the first of them says more. */
function representative(thrown: unknown): unknown {
  const [first = thrown] = read(thrown, "name") === "AggregateError" ? readErrors(thrown) : [];
  return first;
}

/** The stacks of an error and its causes, bounded; undefined for a value that has none. */
function stackOf(thrown: unknown): string | undefined {
  if (!isErrorLike(thrown)) return undefined;
  const seen = new Set([thrown]);
  for (const error of seen) {
    for (const cause of causesOf(error)) if (seen.size <= maxCauses) seen.add(cause);
  }
  return cut(toText([...seen].map((error) => trimOwnFrames(traceOf(error)))));
}

function toText(traces: readonly string[]): string {
  const [first = "", ...rest] = traces;
  // The list of a file's errors says nothing that its errors do not.
  const isBareList = first.startsWith("AggregateError: ") && !hasFrames(first) && rest.length > 0;
  return (isBareList ? rest : traces).join("\nCaused by: ");
}

function causesOf(error: unknown): unknown[] {
  const cause = read(error, "cause");
  return [...cause === undefined ? [] : [cause], ...readErrors(error)];
}

function traceOf(error: unknown): string {
  const header = headerOf(error);
  const stack = read(error, "stack");
  if (typeof stack !== "string" || stack === "") return header + placeOf(error);
  const plain = withoutColors(withoutName(error, stack));
  // The stack keeps the message the error was made with.
  return plain.includes(withoutColors(textAt(error, "message"))) ? plain : `${header}\n${plain}`;
}

function headerOf(thrown: unknown): string {
  if (!isErrorLike(thrown)) return `thrown value ${show(thrown)}`;
  const header = `${textAt(thrown, "name") || "Error"}: ${textAt(thrown, "message")}`;
  return withoutColors(withoutName(thrown, header));
}

/** The names of our own errors, and of what Bun cannot load, say nothing to an author. */
function withoutName(error: unknown, text: string): string {
  const isNoise = namesOfNoInterest.includes(textAt(error, "name")) || IllegalResponse.is(error);
  // In its stack, Bun gives an error of a class of ours the name of a parent.
  return isNoise ? text.replace(/^\w+: /, "") : text;
}

/** Deno colors the place of an import that it cannot resolve. */
function withoutColors(text: string): string {
  // deno-lint-ignore no-control-regex -- the escape character is what colors begin with.
  return text.replaceAll(/\x1b\[[\d;]*m/g, "");
}

/** Bun's errors of a file that does not parse have no stack, but a position. */
function placeOf(error: unknown): string {
  const position = read(error, "position");
  const file = textAt(position, "file");
  const [line, column] = [read(position, "line"), read(position, "column")].map(show);
  return file && `\n    at ${file}:${line}:${column}`;
}

function isErrorLike(value: unknown): boolean {
  return typeof read(value, "message") === "string";
}

function readErrors(value: unknown): unknown[] {
  const errors = read(value, "errors");
  try {
    if (!Array.isArray(errors)) return [];
    return Array.from({ length: Math.min(errors.length, maxCauses) }, (_, at) => errors[at]);
  } catch {
    // A proxy in place of the list.
    return [];
  }
}

function textAt(value: unknown, name: string): string {
  const text = read(value, name);
  return typeof text === "string" ? text : "";
}

function read(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    // A throwing getter, or a revoked proxy: as good as an absent member.
    return undefined;
  }
}

function show(value: unknown): string {
  try {
    const isText = typeof value === "string" || (typeof value === "object" && value !== null);
    return (isText ? JSON.stringify(value) : undefined) ?? String(value);
  } catch {
    return "that cannot be shown";
  }
}

function cut(text: string): string {
  const { read } = encoder.encodeInto(text, new Uint8Array(maxStackBytes));
  return text.slice(0, read);
}
