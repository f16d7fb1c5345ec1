import { describe, expect, test } from "bun:test";
import { stat, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { Connection } from "../../runtime/database/sqlite/connection.ts";
import { SqliteEngine } from "../../runtime/database/sqlite/sqlite_engine.ts";
import { createSqliteDatabase } from "../../runtime/database/sqlite/sqlite_database.ts";
import {
  openTestDatabase,
  sampleSchema,
  type TestCollection,
  type TestDatabase,
  toDataModel,
} from "./support.ts";

describe("the database file", () => {
  test("lies in a folder of its own, readable to its owner alone", async () => {
    await using db = await openTestDatabase();
    await samples(db).all().count();
    expect((await stat(db.dir)).mode & 0o777).toBe(0o700);
  });

  test("that is no database rejects, and never reads as no match", async () => {
    await using db = await openTestDatabase();
    await samples(db).all().count();
    await writeFile(
      `${db.dir}/database.sqlite`,
      "this is not a database, but long enough to be read",
    );
    await writeFile(`${db.dir}/database.sqlite-wal`, "");
    const broken = samples(db.again());
    const asked = [
      () => broken.first("value = ?", 1),
      () => broken.first("x"),
      () => broken.create().save(),
    ];
    for (const ask of asked) {
      const answer = ask();
      await expect(answer).rejects.toMatchObject({ name: "DatabaseError", code: "corrupt" });
      await expect(answer).rejects.toThrow("its file is damaged");
    }
  });

  test("that cannot be opened rejects, and is opened once it can be", async () => {
    await using db = await openTestDatabase();
    await writeFile(db.dir, "a file where the folder should be");
    await expect(samples(db).first()).rejects.toMatchObject({
      name: "DatabaseError",
      message: expect.stringContaining("Cannot open the database: "),
    });
    await Bun.file(db.dir).delete();
    expect(await samples(db).first()).toBeNull();
  });

  test("that is gone rejects where it must be there, and is not made anew", async () => {
    await using db = await openTestDatabase();
    const options = { dir: db.dir, dataModel: toDataModel(sampleSchema), isMade: false };
    const { database } = createSqliteDatabase(options);
    const asked = [
      () => database.collection("sample").first("value = ?", 1),
      () => database.collection("sample").all().count(),
    ];
    for (const ask of asked) {
      await expect(ask()).rejects.toMatchObject({
        code: "unavailable",
        message: `Cannot open the database: "${db.dir}/database.sqlite" is gone`,
      });
    }
    await samples(db).create({ value: 1 }).save();
    expect(await database.collection("sample").all().count()).toBe(1);
    await database[Symbol.asyncDispose]();
  });

  test("that is full rejects, and loses nothing", async () => {
    await using db = await openTestDatabase();
    await samples(db).create({ value: 1 }).save();
    const connection = await Connection.open(`${db.dir}/database.sqlite`);
    connection.exec("PRAGMA max_page_count = 1");
    const engine = new SqliteEngine(connection);
    const sql = 'INSERT INTO "sample" ("id", "value") VALUES (?, ?)';
    const insert = (id: string) => ({ sql, args: [id, 2], mustFind: undefined });
    const changes = Array.from({ length: 5_000 }, (_, index) => insert(`id${index}`));
    const full = { name: "ChangeFailed", reason: { name: "DatabaseError", code: "full" } };
    await expect(engine.write({ plan: () => changes, done() {} })).rejects.toMatchObject(full);
    await expect(engine.write({ plan: () => changes, done() {} })).rejects.toThrow(
      "the disk is full",
    );
    expect(await engine.read({ sql: "SELECT count(*) FROM sample", args: [] })).toEqual([[1]]);
    await engine.close();
    expect(await samples(db).all().count()).toBe(1);
  });

  test("that is read-only rejects writes", async () => {
    await using db = await openTestDatabase();
    await samples(db).create({ value: 1 }).save();
    const connection = await Connection.open(`${db.dir}/database.sqlite`, { readOnly: true });
    const engine = new SqliteEngine(connection);
    const change = { sql: "DELETE FROM sample", args: [], mustFind: undefined };
    await expect(engine.write({ plan: () => [change], done() {} })).rejects.toMatchObject({
      reason: { code: "readonly", message: "Cannot write to the database: its file is read-only" },
    });
    await engine.close();
    expect(await samples(db).all().count()).toBe(1);
  });
});

describe("a write while another process holds the lock", () => {
  test("waits for it without standing in the way of other work", async () => {
    await using db = await openTestDatabase();
    await samples(db).all().count();
    const holder = new DatabaseSync(`${db.dir}/database.sqlite`);
    holder.exec("BEGIN IMMEDIATE");
    const saves = Array.from({ length: 5 }, (_, value) => samples(db).create({ value }).save());
    let longestMs = 0;
    for (let turn = 0, before = performance.now(); turn < 50; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      longestMs = Math.max(longestMs, performance.now() - before);
      before = performance.now();
    }
    expect(await samples(db).all().count()).toBe(0);
    holder.exec("COMMIT");
    holder.close();
    await Promise.all(saves);
    expect(await samples(db).all().count()).toBe(5);
    // The engine may block the event loop for up to 50 ms at a time.
    expect(longestMs).toBeLessThan(200);
  });
});

function samples(db: TestDatabase): TestCollection {
  const { sample } = db.DB;
  if (sample === undefined) throw new Error("Cannot find the model");
  return sample;
}
