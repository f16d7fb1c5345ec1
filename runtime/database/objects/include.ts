import { didYouMean } from "../../base/nearest.ts";
import type { Column } from "../model/layout.ts";
import { type ModelParts, ObjectState } from "./object_state.ts";
import type { Session } from "./session.ts";

/** IDs in one statement; engines limit the arguments of one. */
const maxIds = 10_000;

/** The belongs-to to load, by name, each with those to load of it. */
export type IncludeTree = ReadonlyMap<string, IncludeTree>;

/**
 * Reads paths such as `org.parent`.
 * @throws {TypeError} for what is no belongs-to.
 */
export function parseIncludes(
  paths: readonly unknown[],
  { model, session }: { readonly model: ModelParts; readonly session: Session },
): IncludeTree {
  const root: Nested = new Map();
  for (const path of paths) {
    let at = root;
    let parts = model;
    for (const name of String(path).split(".")) {
      const { layout } = parts;
      const relation = layout.model.belongsTo.find((relation) => relation.name === name);
      if (relation === undefined) {
        const known = layout.model.belongsTo.map(({ name }) => name);
        const fix = `name a belongs-to of ${layout.title}${didYouMean(name, known)}`;
        throw new TypeError(`Cannot include "${String(path)}": ${fix}`);
      }
      const next: Nested = at.get(name) ?? new Map();
      at.set(name, next);
      at = next;
      parts = session.model(relation.model);
    }
  }
  return root;
}

interface Nested extends Map<string, Nested> {}

/** Loads belongs-to of many objects: a statement per level, never one per object. */
export async function loadIncludes(
  states: readonly ObjectState[],
  { tree, session }: { readonly tree: IncludeTree; readonly session: Session },
): Promise<void> {
  for (const [name, below] of tree) {
    const column = states[0]?.model.layout.find(name);
    if (column?.relation === undefined) continue;
    const parents = await loadParents(states, { column, session });
    await loadIncludes(parents, { tree: below, session });
  }
}

/** Loads one belongs-to of many objects; those that refer to the same object share it. */
async function loadParents(
  states: readonly ObjectState[],
  { column, session }: { readonly column: Column; readonly session: Session },
): Promise<readonly ObjectState[]> {
  const { relation } = column;
  if (relation === undefined) return [];
  const ids = [...new Set(states.map((state) => state.get(column)))]
    .filter((id) => typeof id === "string");
  const parents = await readByIds(ids, { model: session.model(relation.model), session });
  for (const state of states) {
    state.keepParent(relation.name, parents.get(String(state.get(column))));
  }
  return [...parents.values()];
}

async function readByIds(
  ids: readonly string[],
  { model, session }: { readonly model: ModelParts; readonly session: Session },
): Promise<ReadonlyMap<string, ObjectState>> {
  const found = new Map<string, ObjectState>();
  for (let start = 0; start < ids.length; start += maxIds) {
    const rows = await session.read(model.sql.byIds(ids.slice(start, start + maxIds)));
    for (const row of rows) found.set(String(row[0]), new ObjectState(model, row, true));
  }
  return found;
}
