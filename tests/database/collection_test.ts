import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createAbsentDb } from "../../runtime/database/absent.ts";
import { openTestDatabase, type TestCollection, type TestDatabase } from "./support.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("DB", () => {
  test("names the model that is not there, and the one that was meant", async () => {
    await using db = await openTestDatabase();
    const message =
      'Cannot use DB.api_clint: schema.xml has no model "api_clint", did you mean "api_client"?';
    expect(() => db.DB.api_clint).toThrow(new TypeError(message));
    expect(Object.keys(db.DB)).toContain("api_client");
    expect("api_client" in db.DB).toBe(true);
    expect("other" in db.DB).toBe(false);
  });

  test("of an app without schema.xml says so", () => {
    expect(() => Reflect.get(createAbsentDb(), "api_client"))
      .toThrow(new TypeError("Cannot use DB.api_client: the app has no schema.xml"));
  });

  test("cannot be changed, and can be awaited and shown", async () => {
    await using db = await openTestDatabase();
    expect(() => Object.assign(db.DB, { api_client: 1 })).toThrow('Cannot set "api_client" of DB');
    expect(await Promise.resolve(db.DB)).toBe(db.DB);
    expect(JSON.stringify({ DB: db.DB }).startsWith('{"DB":')).toBe(true);
    expect(Object.keys(db.DB)).toContain("api_client");
  });

  test("has models with the names of what objects inherit", async () => {
    const schema = `<data-model><model name="constructor"/><model name="toString"/></data-model>`;
    await using db = await openTestDatabase(schema);
    const model: object = Reflect.get(db.DB, "constructor");
    const object = db.DB["toString"]?.create();
    await object?.save();
    expect([object?.type, typeof Reflect.get(model, "create")]).toEqual(["toString", "function"]);
    expect(await db.DB["toString"]?.all().count()).toBe(1);
    await using plain = await openTestDatabase();
    expect(String(plain.DB)).toBe("[object Object]");
  });

  test("names the line of the task in every error", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create();
    const deep = `${"(".repeat(100)}nme = ?${")".repeat(100)}`;
    const mistakes: readonly (() => Promise<unknown>)[] = [
      async () => await db.DB.api_clint,
      async () => await clients(db).where("token ? ="),
      async () => await clients(db).where(deep, 1),
      async () => await clients(db).where("active = ?", "yes"),
      async () => await clients(db).where("token = ?", ..."x".repeat(10_001)),
      async () => await clients(db).where({ nme: 1 }),
      async () => await clients(db).first("nme = ?", 1),
      async () => await clients(db).first(null),
      async () => await client.setAll({ active: 1 }),
      async () => await Object.assign(client, { nme: 1 }),
      async () => await client.reload(),
      async () => await clients(db).all().orderBy("nme"),
    ];
    const lines = readFileSync(import.meta.path, "utf8").split("\n");
    const firstLine = lines.findIndex((line) => line.includes("const mistakes:")) + 2;
    for (const [index, mistake] of mistakes.entries()) {
      const [, line] = /collection_test\.ts:(\d+)/.exec(await stackOf(mistake)) ?? [];
      expect([index, Number(line)]).toEqual([index, firstLine + index]);
    }
  });
});

describe("create()", () => {
  test("gives an object that is not saved, with a UUID and every field null", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create();
    expect(client).toMatchObject({ persisted: false, type: "api_client" });
    expect(client.id).toMatch(uuid);
    expect([client["name"], client["active"], client["org_id"]]).toEqual([null, null, null]);
    expect(await clients(db).all().count()).toBe(0);
  });

  test("takes fields and relations, and ignores other keys", async () => {
    await using db = await openTestDatabase();
    const org = db.DB.organisation?.create({ name: "Acme" });
    const values = {
      id: "x",
      type: "y",
      name: "a",
      org,
      samples: [1],
      save: 1,
      nothing: 2,
      constructor: 3,
    };
    const client = clients(db).create(values);
    expect(client.id).toMatch(uuid);
    expect(client["name"]).toBe("a");
    expect(client["org_id"]).toBe(org?.id);
    expect(() => clients(db).create(null)).toThrow("give an object: got null");
    expect(() => clients(db).create({ org: client })).toThrow(
      "Cannot set DB.api_client.org_id: it must be an object of organisation, or its ID",
    );
  });
});

describe("first()", () => {
  test("with one string looks up an ID", async () => {
    await using db = await openTestDatabase();
    const client = await saved(db, { token: "abc" });
    expect((await clients(db).first(client.id))?.["token"]).toBe("abc");
    expect(await clients(db).first("abc")).toBeNull();
    expect(await clients(db).first("token = ?")).toBeNull();
    expect(await clients(db).first("")).toBeNull();
    expect(await clients(db).first(`${client.id}\0`)).toBeNull();
  });

  test("with a query gives a match, and null without one", async () => {
    await using db = await openTestDatabase();
    const client = await saved(db, { token: "abc" });
    expect((await clients(db).first("token = ?", "abc"))?.id).toBe(client.id);
    expect(await clients(db).first("token = ?", "abcd")).toBeNull();
    expect(await clients(db).first("token = ?", "ABC")).toBeNull();
  });

  test("takes fields and values, or nothing", async () => {
    await using db = await openTestDatabase();
    expect(await clients(db).first()).toBeNull();
    const client = await saved(db, { token: "abc", active: true });
    expect((await clients(db).first({ token: "abc", active: true }))?.id).toBe(client.id);
    expect(await clients(db).first({ token: "abc", active: false })).toBeNull();
    expect((await clients(db).first({}))?.id).toBe(client.id);
    expect((await clients(db).first())?.id).toBe(client.id);
  });

  test.each([null, undefined])("rejects %p", async (nothing) => {
    await using db = await openTestDatabase();
    await expect(clients(db).first(nothing)).rejects.toThrow(
      "Cannot look up DB.api_client: query or id required",
    );
  });

  test.each<[given: unknown[], says: string]>([
    [[5], "give a query with its arguments, or an object with fields and values: got 5"],
    [[null, 1], "give a query"],
    [[["a"]], "give a query"],
    [[{ token: "a" }, 1], "give a query"],
    [[new Date(0)], "give a query"],
    [[{ token: undefined }], '"token" is undefined: give null'],
    [[{ nme: 1 }], 'it has no field "nme", did you mean "name"?'],
    [[{ "token = ? or name": 1 }], "it has no field"],
    [[{ samples: 1 }], 'Cannot query by has-many field "samples"'],
    [[{ active: "x" }], 'field "active" is boolean and needs true or false: got "x"'],
    [["token = ?", undefined], 'field "token" is text and needs text: got undefined'],
  ])("rejects %p", async (given, says) => {
    await using db = await openTestDatabase();
    const answer = clients(db).first(...given);
    await expect(answer).rejects.toThrow(says);
    await expect(answer).rejects.toMatchObject({ name: "QueryError" });
  });
});

function clients(db: TestDatabase): TestCollection {
  const { api_client } = db.DB;
  if (api_client === undefined) throw new Error("Cannot find the model");
  return api_client;
}

async function saved(db: TestDatabase, values: object) {
  const client = clients(db).create(values);
  await client.save();
  return client;
}

async function stackOf(mistake: () => Promise<unknown>): Promise<string> {
  try {
    await mistake();
  } catch (error) {
    return error instanceof Error ? error.stack ?? "" : "";
  }
  throw new Error("Cannot be right");
}
