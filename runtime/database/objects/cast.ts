import type { Column, Layout } from "../model/layout.ts";
import { referenceOf } from "../values/reference.ts";
import { show } from "../values/show.ts";
import type { SqlValue } from "../values/value_type.ts";

/**
 * Turns an assigned value into what the database holds.
 * @throws {TypeError} that names the field, what it needs and the value.
 */
export function castValue(
  value: unknown,
  { column, layout }: { readonly column: Column; readonly layout: Layout },
): SqlValue {
  if (value === null || value === undefined) return null;
  const { relation } = column;
  if (relation) {
    const referred = referenceOf(value);
    if (referred?.model === relation.model) return referred.id;
    if (referred || typeof value !== "string") {
      throw wrong(`an object of ${relation.model}, or its ID`);
    }
  }
  const parsed = column.type.cast(value, column.field);
  if (parsed.kind === "good") return parsed.value;
  throw wrong(parsed.fix);

  function wrong(needed: string): TypeError {
    const name = `${layout.title}.${column.name}`;
    return new TypeError(`Cannot set ${name}: it must be ${needed}: got ${show(value)}`);
  }
}
