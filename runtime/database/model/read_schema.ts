import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isUtf8 } from "node:buffer";
import { messageOf, RuntimeError } from "../../base/errors.ts";
import type { DataModel } from "./data_model.ts";
import type { SchemaProblem } from "./parse_schema.ts";

/** The data model's file in the folder of an app. */
export const schemaName = "schema.xml";

const maxSchemaBytes = 2 ** 20;
const maxListed = 20;

/** What is accepted in a `schema.xml` and means nothing here. */
export interface SchemaWarning {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The data model of an app, and what of its file means nothing here. */
export interface AppSchema {
  readonly model: DataModel;
  readonly warnings: readonly SchemaWarning[];
}

/**
 * Reads the data model of an app; `undefined` when it has none.
 * @throws {RuntimeError} `bad_schema` with every problem, one a line, and its place.
 */
export async function readSchema(
  appDir: string,
  { shownDir = appDir }: { readonly shownDir?: string } = {},
): Promise<AppSchema | undefined> {
  const file = join(shownDir, schemaName);
  const text = await readText(join(appDir, schemaName));
  if (text === undefined) return undefined;
  // The parser of XML takes its time to load: apps without a schema do without it.
  const { parseSchema } = await import("./parse_schema.ts");
  const { model, problems, warnings } = parseSchema(text);
  if (problems.length > 0) throw refused(file, problems);
  return {
    model,
    warnings: warnings.map(({ place, text }) => ({ file, ...place, message: text })),
  };
}

async function readText(file: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > maxSchemaBytes) throw unreadable(`keep it within ${maxSchemaBytes} bytes`);
    if (!isUtf8(bytes)) throw unreadable("save it as UTF-8");
    return new TextDecoder().decode(bytes);
  } catch (cause) {
    if (Object(cause).code === "ENOENT") return undefined;
    throw cause instanceof RuntimeError ? cause : unreadable(messageOf(cause), cause);
  }

  function unreadable(fix: string, cause?: unknown): RuntimeError {
    return new RuntimeError("bad_schema", `Cannot read "${file}": ${fix}`, { cause });
  }
}

function refused(file: string, problems: readonly SchemaProblem[]): RuntimeError {
  const lines = problems.slice(0, maxListed).map((problem) => toLine(file, problem));
  const left = problems.length - lines.length;
  const list = [...lines, ...(left > 0 ? [`… and ${left} more`] : [])].join("\n");
  const separator = problems.length === 1 ? " " : "\n";
  return new RuntimeError("bad_schema", `Cannot read the data model:${separator}${list}`);
}

function toLine(file: string, { place, text }: SchemaProblem): string {
  return `${file}:${place.line}:${place.column}: ${text}`;
}
