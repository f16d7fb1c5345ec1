import { describe, expect, test } from "bun:test";
import { inspect } from "node:util";
import {
  openTestDatabase,
  type TestCollection,
  type TestDatabase,
  type TestObject,
} from "./support.ts";

describe("save()", () => {
  test("inserts a new object", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create({ name: "Acme" });
    await client.save();
    expect(client.persisted).toBe(true);
    expect(await elsewhere(db, client)).toMatchObject({ name: "Acme", token: null });
  });

  test("writes only fields that have changed, so that two writers of one row both survive", async () => {
    await using db = await openTestDatabase();
    const mine = await saved(db, { name: "a", token: "a" });
    await using other = db.again();
    const theirs = await clients(other).first(mine.id);
    Object.assign(theirs ?? never(), { token: "theirs" });
    mine["name"] = "mine";
    await Promise.all([mine.save(), theirs?.save()]);
    expect(await elsewhere(db, mine)).toMatchObject({ name: "mine", token: "theirs" });
  });

  test("does nothing when nothing has changed, or has changed back", async () => {
    await using db = await openTestDatabase();
    const client = await saved(db, { name: "a", active: true });
    await using other = db.again();
    Object.assign(await clients(other).first(client.id) ?? never(), {}).save();
    const theirs = await clients(other).first(client.id) ?? never();
    theirs["name"] = "theirs";
    await theirs.save();
    client["name"] = "b";
    client["name"] = "a";
    client["active"] = true;
    await client.save();
    expect(await elsewhere(db, client)).toMatchObject({ name: "theirs" });
  });

  test("keeps what is assigned while it runs for the next save", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create({ name: "first" });
    await clients(db).all().count();
    const saving = client.save();
    client["name"] = "second";
    await saving;
    expect(await elsewhere(db, client)).toMatchObject({ name: "first" });
    await client.save();
    expect(await elsewhere(db, client)).toMatchObject({ name: "second" });
  });

  test("called several times at once inserts once", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create({ name: "a" });
    await Promise.all([client.save(), client.save(), client.save()]);
    expect(await clients(db).all().count()).toBe(1);
  });

  test("saves belongs-to that are loaded first, at any depth, and cycles once", async () => {
    await using db = await openTestDatabase();
    const holding = orgs(db).create({ name: "Holding" });
    const acme = orgs(db).create({ name: "Acme", parent: holding });
    call(holding, "parent", acme);
    const client = clients(db).create({ org: acme });
    await client.save();
    expect([holding.persisted, acme.persisted]).toEqual([true, true]);
    acme["name"] = "New";
    client["name"] = "x";
    await client.save();
    expect((await orgs(db.again()).first(acme.id))?.["name"]).toBe("New");
  });

  test("saves all of it or nothing", async () => {
    await using db = await openTestDatabase();
    const acme = orgs(db).create({ name: "Acme" });
    const client = await saved(db, { name: "a" });
    await clients(db.again()).where("id = ?", client.id).destroyAll();
    call(client, "org", acme);
    client["name"] = "b";
    await expect(client.save()).rejects.toThrow(
      `Cannot save DB.api_client "${client.id}": it is no longer in the database`,
    );
    expect(acme.persisted).toBe(false);
    expect(await orgs(db).all().count()).toBe(0);
  });
});

describe("destroy()", () => {
  test("removes an object, any number of times, and a save after it does nothing", async () => {
    await using db = await openTestDatabase();
    const client = await saved(db, { name: "a" });
    await client.destroy();
    expect(client.persisted).toBe(false);
    await client.destroy();
    client["name"] = "b";
    await client.save();
    expect(await clients(db).all().count()).toBe(0);
  });

  test("of an object that was never saved keeps it from being saved", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create();
    await client.destroy();
    await client.save();
    expect(await clients(db).all().count()).toBe(0);
  });

  test("of what another has destroyed is done", async () => {
    await using db = await openTestDatabase();
    const client = await saved(db, {});
    await clients(db.again()).all().destroyAll();
    await client.destroy();
    expect(client.persisted).toBe(false);
  });
});

describe("reload()", () => {
  test("reads the row again and drops what was assigned", async () => {
    await using db = await openTestDatabase();
    const client = await saved(db, { name: "a", token: "a" });
    const theirs = await clients(db.again()).first(client.id) ?? never();
    theirs["name"] = "theirs";
    await theirs.save();
    client["token"] = "dropped";
    await client.reload();
    expect(client).toMatchObject({ name: "theirs", token: "a" });
  });

  test("rejects when there is no row", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create();
    await expect(client.reload()).rejects.toThrow(
      `Cannot reload DB.api_client "${client.id}": it is not in the database`,
    );
  });
});

describe("an object", () => {
  test("refuses unknown properties, and names the one that was meant", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create();
    const assign = (name: string) => () => Object.assign(client, { [name]: 1 });
    expect(assign("nme")).toThrow(
      'Cannot set DB.api_client.nme: the model has no such field, did you mean "name"?',
    );
    expect(assign("x")).toThrow(
      new TypeError("Cannot set DB.api_client.x: the model has no such field"),
    );
    expect(assign("id")).toThrow(TypeError);
    expect(assign("samples")).toThrow(TypeError);
    expect(client["nme"]).toBeUndefined();
  });

  test("setAll() assigns several fields or none, and ignores other keys", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create({ name: "a" });
    client.setAll({ name: "b", active: true, other: 1, id: "x" });
    expect(client).toMatchObject({ name: "b", active: true });
    expect(() => client.setAll({ name: "c", active: 1 })).toThrow(
      "Cannot set DB.api_client.active",
    );
    expect(client["name"]).toBe("b");
    client.setAll({ name: undefined });
    expect(client["name"]).toBeNull();
  });

  test("is shown as its display says, choices by their labels", async () => {
    await using db = await openTestDatabase();
    expect(String(clients(db).create({ name: "Acme", tier: "paid" }))).toBe("Acme (Paid)");
    expect(String(clients(db).create())).toBe(" ()");
    const sample = db.DB.sample?.create();
    expect(`${sample}`).toBe(sample?.id ?? "");
  });

  test("becomes JSON with its ID, fields and belongs-to", async () => {
    await using db = await openTestDatabase();
    const acme = orgs(db).create({ name: "Acme" });
    const client = await saved(db, { name: "a", active: true, org: acme });
    const json = {
      id: client.id,
      name: "a",
      token: null,
      active: true,
      tier: null,
      org_id: acme.id,
    };
    expect(JSON.parse(JSON.stringify(client))).toEqual(json);
    const list = await clients(db).all().toArray();
    expect(JSON.parse(JSON.stringify(list))).toEqual([json]);
    const moment = new Date(1e12);
    const all = db.DB.everything?.create({ moment, day: "2024-02-29", many: ["a"] });
    expect(JSON.parse(JSON.stringify(all))).toMatchObject({
      moment: moment.toISOString(),
      day: "2024-02-29",
      many: ["a"],
    });
  });

  test("is printed with its model and fields", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create({ name: "Acme" });
    expect(inspect(client)).toContain("api_client {");
    expect(inspect(client)).toContain("name: 'Acme'");
    expect(inspect([new db.Day("2024-02-29")])).toBe("[ Day 2024-02-29 ]");
  });

  test("can be awaited and compared by identity", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create();
    expect(await Promise.resolve(client)).toBe(client);
  });
});

describe("a belongs-to", () => {
  test("is loaded by a call, and the same object each time", async () => {
    await using db = await openTestDatabase();
    const acme = orgs(db).create({ name: "Acme" });
    const { id } = await saved(db, { org: acme });
    const client = await clients(db.again()).first(id) ?? never();
    const [first, second] = await Promise.all([call(client, "org"), call(client, "org")]);
    expect(first).toMatchObject({ id: acme.id, name: "Acme" });
    expect(second).toBe(first);
    expect(await call(client, "org")).toBe(first);
  });

  test("is set by an object, by null, and by its ID", async () => {
    await using db = await openTestDatabase();
    const [acme, globex] = [orgs(db).create({ name: "Acme" }), orgs(db).create({ name: "Globex" })];
    await Promise.all([acme.save(), globex.save()]);
    const client = await saved(db, {});
    expect(await call(client, "org")).toBeNull();
    call(client, "org", acme);
    expect(client["org_id"]).toBe(acme.id);
    expect(await call(client, "org")).toBe(acme);
    client["org_id"] = globex.id;
    expect(await call(client, "org")).toMatchObject({ name: "Globex" });
    client["org"] = acme;
    expect(client["org_id"]).toBe(acme.id);
    call(client, "org", null);
    expect([client["org_id"], await call(client, "org")]).toEqual([null, null]);
    await client.save();
    expect(await elsewhere(db, client)).toMatchObject({ org_id: null });
  });

  test("is null when the object is gone", async () => {
    await using db = await openTestDatabase();
    const client = await saved(db, { org_id: "00000000-0000-4000-8000-000000000000" });
    expect(await call(client, "org")).toBeNull();
  });

  test("refuses objects of other models", async () => {
    await using db = await openTestDatabase();
    const client = clients(db).create();
    for (const wrong of [client, 5, {}, true]) {
      expect(() => call(client, "org", wrong)).toThrow(
        "Cannot set DB.api_client.org_id: it must be an object of organisation, or its ID",
      );
    }
  });
});

describe("a has-many", () => {
  test("is a query of the objects that refer back", async () => {
    await using db = await openTestDatabase();
    const client = await saved(db, {});
    for (const value of [3, 1, 2]) await db.DB.sample?.create({ value, client }).save();
    await db.DB.sample?.create({ value: 4 }).save();
    const samples = client["samples"] as ReturnType<TestCollection["all"]>;
    const found = await samples.where("value > ?", 1).orderBy("-value").toArray();
    expect(found.map(({ value }) => value)).toEqual([3, 2]);
    expect(await samples.count()).toBe(3);
  });
});

function clients(db: TestDatabase): TestCollection {
  return db.DB.api_client ?? never();
}

function orgs(db: TestDatabase): TestCollection {
  return db.DB.organisation ?? never();
}

async function saved(db: TestDatabase, values: object): Promise<TestObject> {
  const client = clients(db).create(values);
  await client.save();
  return client;
}

/** The object as another process sees it. */
async function elsewhere(db: TestDatabase, { id }: TestObject): Promise<TestObject | null> {
  return await clients(db.again()).first(id);
}

function call(object: TestObject, name: string, ...args: unknown[]): unknown {
  const relation = object[name] as (...args: unknown[]) => unknown;
  return relation(...args);
}

function never(): never {
  throw new Error("Cannot be undefined");
}
