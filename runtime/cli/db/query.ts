import { RuntimeError } from "../../base/errors.ts";
import type { Layout } from "../../database/model/layout.ts";
import type { Action } from "./action.ts";
import { layoutOf, type Target } from "./target.ts";
import { forPeople, readValue } from "./values.ts";

const usualLimit = "100";
const maxCellLength = 40;

/** `webtaskd db query`: shows objects. */
export const queryAction: Action = {
  name: "query",
  usage: 'query MODEL ["QUERY" VALUE…]',
  words: [1, Infinity],
  async run({ context: { flags }, target, words: [model = "", ...condition] }) {
    const layout = layoutOf(target, model);
    const limit = Number(flags["limit"] ?? usualLimit);
    const order = (flags["order"] ?? "").split(",").filter((field) => field !== "");
    return await forPeople(async () => {
      const query = target.database.collection(model)
        .where(...readCondition(target, { model, condition }))
        .orderBy(...order);
      const [objects, count] = [await query.limit(limit).toArray(), await query.count()];
      const left = count - objects.length;
      const more = left > 0 ? `, ${left} more: give a higher --limit` : "";
      return {
        lines: [...toTable(layout, objects), `${objects.length} of ${count}${more}`],
        json: { ok: true, deployment: target.hostname, model, count, objects },
      };
    });
  },
};

function readCondition(
  { database }: Target,
  { model, condition: [text, ...values] }: {
    readonly model: string;
    readonly condition: readonly string[];
  },
): readonly unknown[] {
  if (text === undefined) return [];
  const { comparisons } = database.model(model).queries.get(text);
  return [
    text,
    ...values.map((value, index) => {
      const comparison = comparisons[index];
      if (comparison === undefined || value === "null") return value === "null" ? null : value;
      const { column, operator } = comparison;
      if (operator !== "in" && operator !== "not in") return readValue(value, column);
      return readList(value).map((element) =>
        typeof element === "string" ? readValue(element, column) : element
      );
    }),
  ];
}

function readList(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    // The same advice as for JSON of another kind.
  }
  throw new RuntimeError(
    "bad_data",
    `Cannot use "${text}" after in: write a JSON array, as ["a","b"]`,
  );
}

function toTable(layout: Layout, objects: readonly object[]): readonly string[] {
  if (objects.length === 0) return [];
  const names = layout.columns.map(({ name }) => name);
  const rows = objects.map((object) => {
    const values: Readonly<Record<string, unknown>> = JSON.parse(JSON.stringify(object));
    return names.map((name) => toCell(values[name]));
  });
  const all = [names, ...rows];
  const widths = names.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ").trimEnd());
}

function toCell(value: unknown): string {
  if (value === null || value === undefined) return "-";
  const text = (typeof value === "string" ? value : JSON.stringify(value)).replaceAll(/\s+/g, " ");
  return text.length <= maxCellLength ? text : `${text.slice(0, maxCellLength - 1)}…`;
}
