import type { Surroundings } from "../values/value_type.ts";
import type { ObjectState } from "./object_state.ts";

/** The text an object is shown as: the display of its model, filled in. */
export function toDisplay(state: ObjectState, surroundings: Surroundings): string {
  const { layout } = state.model;
  const { display } = layout.model;
  if (display === undefined) return state.id;
  return display.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    const column = layout.find(name);
    const stored = column ? state.get(column) : null;
    if (column === undefined || stored === null) return "";
    return toText(
      column.type.read(stored, surroundings),
      (key) => column.field.options.find((option) => option.key === key)?.label,
    );
  });
}

function toText(value: unknown, labelOf: (key: unknown) => string | undefined): string {
  if (Array.isArray(value)) return value.map((part) => toText(part, labelOf)).join(", ");
  const label = labelOf(value);
  if (label !== undefined) return label;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
