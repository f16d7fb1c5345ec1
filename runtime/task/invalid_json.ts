import { findJsonError } from "./json_scanner.ts";
import type { InvalidJsonError as PublicError, JsonValue } from "./types.ts";

/** Task code may replace the global one. */
const { parse } = JSON;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Says where a body is not JSON, in the same words on every runtime, and quotes no more of it. */
export class InvalidJsonError extends SyntaxError implements PublicError {
  declare readonly name: "InvalidJsonError";
  readonly line: number;
  readonly column: number;
  readonly #publicMessage: string;

  static {
    // On the prototype, as for the built-in errors: V8 reads the name while it makes the stack.
    Object.defineProperty(this.prototype, "name", { value: "InvalidJsonError" });
  }

  constructor(text: string, index: number) {
    const { line, column } = positionOf(text, index);
    const found = describeCharacter(text.codePointAt(index));
    const message = `unexpected ${found} at line ${line}, column ${column}`;
    super(`Cannot parse the request body as JSON: ${message}`);
    this.#publicMessage = this.message;
    this.line = line;
    this.column = column;
  }

  /** What the client may read of an error of this class; undefined for anything else, look-alikes too. */
  static publicMessageOf(thrown: unknown): string | undefined {
    const isOurs = typeof thrown === "object" && thrown !== null && #publicMessage in thrown;
    return isOurs ? thrown.#publicMessage : undefined;
  }
}

/**
 * Parses the text of a body.
 * @throws {InvalidJsonError} when it is not JSON.
 */
export function parseJson(text: string): JsonValue {
  try {
    return parse(text);
  } catch {
    // The runtime's own message differs between runtimes and may quote the body.
    throw new InvalidJsonError(text, findJsonError(text) ?? text.length);
  }
}

function positionOf(text: string, index: number): { line: number; column: number } {
  let line = 1;
  let column = 1;
  for (let at = 0; at < index; at++) {
    const code = text.charCodeAt(at);
    const next = text.charCodeAt(at + 1);
    if (code === lineFeed || (code === carriageReturn && next !== lineFeed)) {
      line++;
      column = 1;
    } else if (!isLowSurrogate(code)) column++;
  }
  return { line, column };
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

/** Quotes what is visible and gives the number of what is not. */
function describeCharacter(codePoint: number | undefined): string {
  if (codePoint === undefined) return "end";
  const character = String.fromCodePoint(codePoint);
  if (/^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character)) return JSON.stringify(character);
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}
