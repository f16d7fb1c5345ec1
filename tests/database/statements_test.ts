import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { AttachmentStore } from "../../runtime/database/attachments.ts";
import { Database } from "../../runtime/database/database.ts";
import { DatabaseObject } from "../../runtime/database/objects/database_object.ts";
import type { Engine } from "../../runtime/database/sql/engine.ts";
import { sqliteDialect } from "../../runtime/database/sqlite/dialect.ts";
import { openAndMigrate } from "../../runtime/database/sqlite/open.ts";
import { SqliteEngine } from "../../runtime/database/sqlite/sqlite_engine.ts";
import { createTempFolder } from "../temp_folder.ts";
import { sampleSchema, toDataModel } from "./support.ts";

/** A database that tells which statements read. */
async function openCounting() {
  const folder = await createTempFolder();
  const dataModel = toDataModel(sampleSchema);
  const reads: string[] = [];
  const database = new Database({
    dataModel,
    dialect: sqliteDialect,
    surroundings: { attachments: new AttachmentStore(undefined) },
    async open(): Promise<Engine> {
      const engine = new SqliteEngine(await openAndMigrate(join(folder.path, "db"), dataModel));
      return {
        read(statement) {
          reads.push(statement.sql);
          return engine.read(statement);
        },
        write: (work) => engine.write(work),
        explain: (statement) => engine.explain(statement),
        close: () => engine.close(),
      };
    },
  });
  return {
    database,
    reads,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("the statements of a database", () => {
  test("are one more per level of include(), however many objects there are", async () => {
    await using counting = await openCounting();
    const { database, reads } = counting;
    const batch = database.createBatch();
    for (let index = 0; index < 200; index++) {
      const org = database.collection("organisation").create({ name: `o${index}` });
      const client = database.collection("api_client").create({ org });
      for (const object of [org, client, database.collection("sample").create({ client })]) {
        batch.save(object);
      }
    }
    await batch.execute();
    reads.length = 0;
    const samples = database.collection("sample").all().include("client", "client.org");
    expect((await samples.toArray()).length).toBe(200);
    expect(reads.length).toBe(3);
    const [first] = await samples.toArray();
    reads.length = 0;
    const client: unknown = await Reflect.get(Object(first), "client")();
    expect(await Reflect.get(Object(client), "org")()).toBeInstanceOf(DatabaseObject);
    expect(reads).toEqual([]);
  });

  test("are made once per text of a query", async () => {
    await using counting = await openCounting();
    const { queries } = counting.database.model("api_client");
    const query = queries.get("token = ?");
    expect(queries.get("token = ?")).toBe(query);
    expect(query.bind(["a"]).sql).toBe(query.bind(["b"]).sql);
    expect(query.bind([null]).sql).toBe('"token" IS NULL');
  });

  test("never hold a value", async () => {
    await using counting = await openCounting();
    const { database, reads } = counting;
    const evil = `x"'; DROP TABLE api_client; --`;
    const clients = database.collection("api_client");
    await clients.where("token = ? or name contains ? or name in ?", evil, evil, [evil]).toArray();
    await clients.first({ token: evil });
    await clients.first(evil);
    expect(reads.length).toBe(3);
    expect(reads.join()).not.toContain("DROP");
    expect(await clients.all().count()).toBe(0);
  });
});
