import type { Layout } from "../model/layout.ts";
import { DatabaseObject } from "./database_object.ts";
import type { ObjectState } from "./object_state.ts";
import type { Session } from "./session.ts";

/** Makes objects of one model. */
export type ObjectClass = new (session: Session, state: ObjectState) => DatabaseObject;

/** Creates the class of a model: its fields and relations as members. */
export function createObjectClass(layout: Layout): ObjectClass {
  const ModelObject = class extends DatabaseObject {};
  Object.defineProperty(ModelObject, "name", { value: layout.model.name });
  for (const column of layout.columns) {
    if (column === layout.id) continue;
    define(column.name, {
      get(this: DatabaseObject) {
        return DatabaseObject.get(this, column);
      },
      set(this: DatabaseObject, value: unknown) {
        DatabaseObject.set(this, column, value);
      },
    });
    if (column.relation === undefined) continue;
    define(column.relation.name, {
      get(this: DatabaseObject) {
        return (...given: readonly unknown[]) =>
          given.length === 0
            ? DatabaseObject.parent(this, column)
            : DatabaseObject.setParent(this, column, given[0]);
      },
      set(this: DatabaseObject, value: unknown) {
        DatabaseObject.setParent(this, column, value);
      },
    });
  }
  for (const relation of layout.model.hasMany) {
    define(relation.name, {
      get(this: DatabaseObject) {
        return DatabaseObject.children(this, relation);
      },
    });
  }
  return ModelObject;

  function define(name: string, accessors: PropertyDescriptor): void {
    Object.defineProperty(ModelObject.prototype, name, { ...accessors, enumerable: true });
  }
}
