/**
 * A process that writes to a database as a worker does, for tests that start several, or kill one:
 * `writer.ts FOLDER rows COUNT` saves so many objects one by one, `writer.ts FOLDER batches SIZE`
 * executes batches of a size until it is killed, and says when each begins.
 */
import type { DataModel } from "../../runtime/database/model/data_model.ts";
import { DatabaseObject } from "../../runtime/database/objects/database_object.ts";
import { createSqliteDatabase } from "../../runtime/database/sqlite/sqlite_database.ts";

/** The model that the writer and its tests share. */
export const writerModel: DataModel = {
  models: [{
    name: "row",
    label: "Row",
    fields: [
      { name: "batch", label: "Batch", type: "text", options: [] },
      { name: "text", label: "Text", type: "text", options: [] },
    ],
    belongsTo: [],
    hasMany: [],
    indexes: [{ columns: [{ column: "batch", isDescending: false }] }],
    display: undefined,
  }],
};

if (import.meta.main) await main(globalArguments());

async function main([dir = "", mode = "", count = "0"]: readonly string[]): Promise<void> {
  const { database } = createSqliteDatabase({ dir, dataModel: writerModel, isMade: true });
  const rows = database.collection("row");
  const create = (batch: string) => rows.create({ batch, text: "x".repeat(200) });
  if (mode === "rows") {
    for (let index = 0; index < Number(count); index++) {
      const object = create(`${index}`);
      if (object instanceof DatabaseObject) await object.save();
    }
    await database[Symbol.asyncDispose]();
    return;
  }
  await rows.all().count();
  while (true) {
    const batch = database.createBatch();
    const name = crypto.randomUUID();
    for (let index = 0; index < Number(count); index++) batch.save(create(name));
    await new Promise<void>((resolve) => {
      writeLine("begin", resolve);
    });
    await batch.execute();
  }
}

function globalArguments(): readonly string[] {
  return process.argv.slice(2);
}

function writeLine(text: string, done: () => void): void {
  process.stdout.write(`${text}\n`, () => done());
}
