import { RuntimeError } from "../../base/errors.ts";
import { DatabaseObject } from "../../database/objects/database_object.ts";
import type { Action } from "./action.ts";
import { layoutOf } from "./target.ts";
import { columnOf, forPeople, readValue } from "./values.ts";

/** `webtaskd db create`: saves one object. */
export const createAction: Action = {
  name: "create",
  usage: "create MODEL FIELD=VALUE…",
  words: [1, Infinity],
  async run({ target, words: [model = "", ...pairs] }) {
    const layout = layoutOf(target, model);
    const values = Object.fromEntries(pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new RuntimeError("bad_data", `Cannot read "${pair}": write FIELD=VALUE`);
      const column = columnOf(layout, pair.slice(0, at));
      if (column === layout.id) {
        throw new RuntimeError("bad_data", "Cannot choose the id: leave it out");
      }
      return [column.name, readValue(pair.slice(at + 1), column)];
    }));
    const object = await forPeople(async () => {
      const created = target.database.collection(model).create(values);
      if (created instanceof DatabaseObject) await created.save();
      return created;
    });
    const { id } = Object(object);
    return {
      lines: [`created ${model} ${id} in ${target.hostname}`],
      json: { ok: true, deployment: target.hostname, model, object },
    };
  },
};
