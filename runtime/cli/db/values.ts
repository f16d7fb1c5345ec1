import { RuntimeError } from "../../base/errors.ts";
import type { Column, Layout } from "../../database/model/layout.ts";

/**
 * Reads the text of a value for a column; an empty one is no value, except for text.
 * @throws {RuntimeError} `bad_data` that names the field.
 */
export function readValue(text: string, column: Column): unknown {
  if (text === "" && !isText(column)) return null;
  const parsed = column.type.parseText(text, column.field);
  if (parsed.kind === "good") return parsed.value;
  throw new RuntimeError(
    "bad_data",
    `Cannot use "${text}" for ${column.name}: it must be ${parsed.fix}`,
  );
}

/** The column that a person named. */
export function columnOf(layout: Layout, name: string): Column {
  const column = layout.find(name);
  if (column) return column;
  throw new RuntimeError("bad_data", `Cannot find a field "${name}" of ${layout.title}`);
}

/** Runs code of the database, whose errors say all that a person needs. */
export async function forPeople<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof RuntimeError || !(cause instanceof Error)) throw cause;
    const isPlain =
      ["QueryError", "DatabaseError", "TypeError", "CrudError"].includes(cause.name) &&
      cause.message.startsWith("Cannot ");
    throw isPlain ? new RuntimeError("bad_data", cause.message, { cause }) : cause;
  }
}

/** Choices are text to people, but an empty one is none. */
function isText({ field, relation }: Column): boolean {
  return field.type === "text" && relation === undefined;
}
