import { countOf } from "../../base/count_of.ts";
import { RuntimeError } from "../../base/errors.ts";
import type { Column, Layout } from "../../database/model/layout.ts";
import { type GivenValue, RefusedValue, type RowImport } from "../../database/tools/row_import.ts";
import type { Surroundings } from "../../database/values/value_type.ts";
import { type JsonNode, parseJsonText, type TextPosition } from "../../manifest/json_text.ts";
import { type CsvCell, CsvError, CsvReader } from "./csv.ts";
import type { RowFormat } from "./format.ts";

/** Longer lines are no rows. */
const maxLineLength = 64 * 2 ** 20;

/** A row of a file that knows its place. */
export interface PlacedRow {
  /**
   * Hands its values over.
   * @throws {RuntimeError} `bad_data` with line and column of the value that does not fit.
   */
  addTo(rows: RowImport): void;
}

/** Turns the text of a file, piece by piece, into rows. */
export interface RowParser {
  push(text: string): readonly PlacedRow[];
  end(): readonly PlacedRow[];
}

interface ParserContext {
  readonly layout: Layout;
  readonly surroundings: Surroundings;
}

/** Creates the parser of a format. */
export function createRowParser(format: RowFormat, context: ParserContext): RowParser {
  return format === "csv" ? new CsvRows(context) : new JsonLines(context);
}

/** One JSON object a line. */
class JsonLines implements RowParser {
  readonly #context: ParserContext;
  #rest = "";
  #line = 0;

  constructor(context: ParserContext) {
    this.#context = context;
  }

  push(text: string): readonly PlacedRow[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > maxLineLength) {
      throw badRow(
        { line: this.#line + 1, column: 1 },
        `keep lines within ${maxLineLength} characters`,
      );
    }
    return lines.flatMap((line) => this.#toRow(line));
  }

  end(): readonly PlacedRow[] {
    const rest = this.#rest;
    this.#rest = "";
    return this.#toRow(rest);
  }

  #toRow(text: string): readonly PlacedRow[] {
    this.#line += 1;
    const line = this.#line;
    if (text.trim() === "") return [];
    const { layout, surroundings } = this.#context;
    const value = parseLine(text, line);
    return [{
      addTo(rows) {
        const placeOf = (field: string | undefined) => memberAt(text, { line, field });
        add(rows, placeOf, () =>
          Object.entries(value).map(([name, value]) => ({
            name,
            value: fromJson(value, { column: layout.find(name), surroundings }),
          })));
      },
    }];
  }
}

function parseLine(text: string, line: number): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The runtimes tell no place, or each in its own words: it is read again for that.
    const json = parseJsonText(text);
    if (json.kind === "broken") throw badRow({ line, column: json.offset + 1 }, json.fix);
  }
  throw badRow({ line, column: 1 }, "write one JSON object a line");
}

/** Where the value of a field begins in its line. */
function memberAt(
  text: string,
  { line, field }: { readonly line: number; readonly field: string | undefined },
): TextPosition {
  const json = parseJsonText(text);
  const members = json.kind === "parsed" && json.root.kind === "object" ? json.root.members : [];
  const isMeant = (key: string) => key === field || `${key}_id` === field;
  const node: JsonNode | undefined = members.find(({ key }) => isMeant(key))?.value;
  return { line, column: (node?.start ?? 0) + 1 };
}

/** A line of names, then a line for each row. */
class CsvRows implements RowParser {
  readonly #context: ParserContext;
  readonly #reader = new CsvReader();
  #columns: readonly Column[] | undefined;
  #isStart = true;

  constructor(context: ParserContext) {
    this.#context = context;
  }

  push(text: string): readonly PlacedRow[] {
    // Spreadsheets begin their files with a byte order mark.
    const plain = this.#isStart ? text.replace(/^\uFEFF/, "") : text;
    if (text !== "") this.#isStart = false;
    return this.#read(() => this.#reader.push(plain));
  }

  end(): readonly PlacedRow[] {
    return this.#read(() => this.#reader.end());
  }

  #read(read: () => readonly (readonly CsvCell[])[]): readonly PlacedRow[] {
    try {
      return read().flatMap((cells) => this.#toRow(cells));
    } catch (error) {
      throw error instanceof CsvError ? badRow(error.position, error.message) : error;
    }
  }

  #toRow(cells: readonly CsvCell[]): readonly PlacedRow[] {
    const { surroundings } = this.#context;
    const columns = this.#columns;
    if (columns === undefined) {
      this.#columns = cells.map((cell) => this.#toColumn(cell));
      return [];
    }
    const last = cells.at(-1) ?? { line: 1, column: 1 };
    if (cells.length !== columns.length) {
      throw badRow(
        last,
        `give ${countOf(columns.length, "value")} as the first line does: got ${cells.length}`,
      );
    }
    return [{
      addTo(rows) {
        const placeOf = (field: string | undefined) =>
          cells[columns.findIndex(({ name }) => name === field)] ?? cells[0] ?? last;
        add(
          rows,
          placeOf,
          () => columns.map((column, at) => fromCell(cells[at], { column, surroundings })),
        );
      },
    }];
  }

  #toColumn(cell: CsvCell): Column {
    const column = this.#context.layout.find(cell.text.trim());
    if (column) return column;
    throw badRow(cell, `${this.#context.layout.title} has no field "${cell.text}"`);
  }
}

function fromCell(
  cell: CsvCell | undefined,
  { column, surroundings }: { readonly column: Column; readonly surroundings: Surroundings },
): GivenValue {
  const { name, type, field } = column;
  if (cell === undefined || (cell.text === "" && !cell.isQuoted)) return { name, value: null };
  const parsed = type.parseText(cell.text, field);
  if (parsed.kind === "bad") {
    throw new RefusedValue(`must be ${parsed.fix}: got "${cell.text.slice(0, 40)}"`, name);
  }
  // Places and attachments are JSON in a cell.
  const isJson = type.comparing === "opaque";
  return { name, value: isJson ? fromJson(parsed.value, { column, surroundings }) : parsed.value };
}

function fromJson(
  value: unknown,
  { column, surroundings }: {
    readonly column: Column | undefined;
    readonly surroundings: Surroundings;
  },
): unknown {
  if (column === undefined || value === null) return value;
  const parsed = column.type.parseJson(value, surroundings);
  if (parsed.kind === "good") return parsed.value;
  throw new RefusedValue(`must be ${parsed.fix}`, column.name);
}

function add(
  rows: RowImport,
  placeOf: (field: string | undefined) => TextPosition,
  values: () => readonly GivenValue[],
): void {
  try {
    rows.add(values());
  } catch (error) {
    if (!(error instanceof RefusedValue)) throw error;
    const { field, message } = error;
    throw badRow(placeOf(field), field === undefined ? message : `${field}: ${message}`);
  }
}

function badRow({ line, column }: TextPosition, reason: string): RuntimeError {
  return new RuntimeError("bad_data", `Cannot import line ${line}, column ${column}: ${reason}`);
}
