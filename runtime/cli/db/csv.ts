import type { TextPosition } from "../../manifest/json_text.ts";

/** One value of a row. */
export interface CsvCell extends TextPosition {
  readonly text: string;
  /** In quotes, an empty text is a text; without, it is no value. */
  readonly isQuoted: boolean;
}

/** A place where text is not CSV. */
export class CsvError extends Error {
  override readonly name = "CsvError";
  readonly position: TextPosition;

  constructor(message: string, position: TextPosition) {
    super(message);
    this.position = position;
  }
}

/**
 * Reads comma-separated values piece by piece, as they come from a file. Source: RFC 4180. What is
 * in quotes may hold commas, line ends and doubled quotes.
 */
export class CsvReader {
  #rows: CsvCell[][] = [];
  #row: CsvCell[] = [];
  #text = "";
  #state: "start" | "plain" | "quoted" | "closed" = "start";
  #line = 1;
  #column = 1;
  #start: TextPosition = { line: 1, column: 1 };
  #wasReturn = false;

  /** Takes a piece of text; returns the rows that are complete with it. */
  push(text: string): readonly (readonly CsvCell[])[] {
    for (const character of text) this.#take(character);
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  /** The end of the text; returns the last row where it has no line end. */
  end(): readonly (readonly CsvCell[])[] {
    if (this.#state === "quoted") throw new CsvError("close this quote", this.#start);
    if (this.#state !== "start" || this.#row.length > 0) this.#endRow();
    return this.push("");
  }

  #take(character: string): void {
    const isReturn = character === "\r" && this.#state !== "quoted";
    // Only with the line end that follows does it mean anything.
    if (!isReturn) this.#takeOne(character);
    this.#wasReturn = isReturn;
    this.#column += 1;
    if (character !== "\n") return;
    this.#line += 1;
    this.#column = 1;
  }

  #takeOne(character: string): void {
    if (this.#wasReturn && character !== "\n") throw this.#error("put a line end after the return");
    switch (this.#state) {
      case "quoted":
        if (character === '"') this.#state = "closed";
        else this.#text += character;
        return;
      case "closed":
        if (character !== '"') return this.#takePlain(character);
        this.#text += '"';
        this.#state = "quoted";
        return;
      case "start":
        this.#start = { line: this.#line, column: this.#column };
        if (character !== '"') return this.#takePlain(character);
        this.#state = "quoted";
        return;
      case "plain":
        if (character === '"') {
          throw this.#error("put the whole value in quotes, and double this one");
        }
        return this.#takePlain(character);
    }
  }

  #takePlain(character: string): void {
    if (character === ",") this.#endCell();
    else if (character === "\n") this.#endRow();
    else if (this.#state === "closed") throw this.#error("put a comma after the closing quote");
    else {
      this.#text += character;
      this.#state = "plain";
    }
  }

  #endCell(): void {
    const isQuoted = this.#state === "closed";
    const start = this.#state === "start"
      ? { line: this.#line, column: this.#column }
      : this.#start;
    this.#row.push({ text: this.#text, isQuoted, ...start });
    this.#text = "";
    this.#state = "start";
  }

  #endRow(): void {
    const isEmpty = this.#row.length === 0 && this.#state === "start";
    if (!isEmpty) {
      this.#endCell();
      this.#rows.push(this.#row);
    }
    this.#row = [];
  }

  #error(message: string): CsvError {
    return new CsvError(message, { line: this.#line, column: this.#column });
  }
}

/** Writes one row. */
export function toCsvLine(values: readonly (string | null)[]): string {
  return values.map((value) => {
    if (value === null) return "";
    return value === "" || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  }).join(",");
}
