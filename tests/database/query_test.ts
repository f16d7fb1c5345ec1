import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  openTestDatabase,
  type TestCollection,
  type TestDatabase,
  type TestObject,
} from "./support.ts";

let db: TestDatabase;
let clients: TestCollection;
let acme: TestObject;

const rows = [
  { name: "Éva", token: "a", active: true, tier: "free" },
  { name: "eva%", token: "b", active: false, tier: "paid" },
  { name: "ADA_1", token: "c", active: null, tier: null },
  { name: null, token: "d", active: true, tier: "paid" },
];

beforeAll(async () => {
  db = await openTestDatabase();
  clients = db.DB.api_client ?? never();
  const parent = db.DB.organisation?.create({ name: "Holding" });
  acme = db.DB.organisation?.create({ name: "Acme", parent }) ?? never();
  const batch = new db.Batch();
  for (const [index, row] of rows.entries()) {
    batch.save(clients.create({ ...row, org: index < 2 ? acme : null }));
  }
  await batch.execute();
});

afterAll(() => db[Symbol.asyncDispose]());

/** The tokens of what a query finds, in the order of tokens. */
async function found(query: string, ...args: unknown[]): Promise<string> {
  const objects = await clients.where(query, ...args).toArray();
  return objects.map(({ token }) => String(token)).sort().join("");
}

describe("a query", () => {
  test.each<[query: string, args: unknown[], tokens: string]>([
    ["name = ?", ["Éva"], "a"],
    ["name = ?", ["éva"], ""],
    ["name = ?", [null], "d"],
    ["name != ?", ["Éva"], "bcd"],
    ["name != ?", [null], "abc"],
    ["name contains ?", ["É"], "a"],
    ["name contains ?", ["éV"], "a"],
    ["name contains ?", ["%"], "b"],
    ["name contains ?", ["_"], "c"],
    ["name contains ?", [""], "abc"],
    ["name starts with ?", ["EVA"], "b"],
    ["name starts with ?", ["ada_"], "c"],
    ["name starts with ?", ["va"], ""],
    ["name < ?", ["ZZ"], "c"],
    ["name < ?", [null], ""],
    ["name >= ?", [null], ""],
    ["name in ?", [["Éva", "eva%"]], "ab"],
    ["name in ?", [[]], ""],
    ["name in ?", [[null]], "d"],
    ["name in ?", [["Éva", null]], "ad"],
    ["name not in ?", [["Éva"]], "bcd"],
    ["name not in ?", [["Éva", null]], "bc"],
    ["name not in ?", [[]], "abcd"],
    ["active = ?", [true], "ad"],
    ["active != ?", [true], "bc"],
    ["active in ?", [[false, null]], "bc"],
    ["tier = ?", ["gone"], ""],
    ["name = ? or active = ? and tier = ?", ["Éva", true, "paid"], "ad"],
    ["(name = ? or active = ?) and tier = ?", ["Éva", true, "paid"], "d"],
  ])("%s of %p finds %p", async (query, args, tokens) => {
    expect(await found(query, ...args)).toBe(tokens);
  });

  test("compares a belongs-to with an object, its ID or null", async () => {
    for (const name of ["org", "org_id"]) {
      for (const value of [acme, acme.id]) {
        expect(await found(`${name} = ?`, value)).toBe("ab");
        expect(await found(`${name} in ?`, [value])).toBe("ab");
      }
      expect(await found(`${name} = ?`, null)).toBe("cd");
    }
    expect((await clients.where({ org: acme }).toArray()).length).toBe(2);
  });

  test("compares IDs", async () => {
    const one = await clients.first("token = ?", "a");
    expect(await found("id=?", one?.id)).toBe("a");
    expect(await found("id in ?", [one?.id, "none"])).toBe("a");
  });

  test.each<[query: string, args: unknown[], says: string]>([
    ["samples = ?", [1], 'Cannot query by has-many field "samples"'],
    ["nme = ?", [1], 'Cannot query DB.api_client: it has no field "nme", did you mean "name"?'],
    ["name = ?", [], "it has 1 ? and was given 0 arguments"],
    ["name = ?", ["a", "b"], "it has 1 ? and was given 2 arguments"],
    ["name = ?", [5], 'field "name" is text and needs text: got 5'],
    ["name = ?", ["a\0"], "text without the character U+0000"],
    ["name contains ?", [null], 'field "name" is text and needs text: got null'],
    ["name in ?", ["a"], 'needs an array after in: got "a"'],
    ["name in ?", [[1]], 'field "name" is text and needs text: got 1'],
    [
      "active < ?",
      [true],
      'field "active" is boolean, which "<" does not fit: use =, !=, in, not in',
    ],
    ["active contains ?", ["a"], "does not fit"],
    ["org = ?", [{}], 'field "org_id" is belongs-to organisation and needs text: got {}'],
    ["org = ?", [5], "needs text: got 5"],
  ])("%s of %p is refused", (query, args, says) => {
    expect(() => clients.where(query, ...args)).toThrow(says);
    expect(() => clients.where(query, ...args)).toThrow(
      expect.objectContaining({ name: "QueryError" }),
    );
  });

  test("refuses an object of another model in place of a belongs-to", () => {
    const sample = db.DB.sample?.create();
    expect(() => clients.where("org = ?", sample)).toThrow("needs an object of organisation");
  });

  test.each([NaN, Infinity, -Infinity, "5", new Date(0)])("refuses %p for a number", (value) => {
    for (const query of ["number = ?", "integer < ?", "number in ?"]) {
      const given = query.endsWith("in ?") ? [value] : value;
      expect(() => db.DB.everything?.where(query, given)).toThrow("needs a finite number");
    }
    expect(() => db.DB.everything?.where("moment > ?", new Date(NaN))).toThrow("an invalid Date");
    expect(() => db.DB.everything?.where("place = ?", {})).toThrow("places cannot be compared");
    expect(() => db.DB.everything?.where("place < ?", null)).toThrow("does not fit");
  });

  test("takes 10,000 arguments, elements counted, and no more", async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `id${index}`);
    expect(await found("token in ? or id in ?", ["a"], ids(9_999))).toBe("a");
    expect(() => clients.where("token in ? or id in ?", ["a"], ids(10_000)))
      .toThrow("it must have <= 10000 arguments: got 10001");
    const many = new Array(10_001).fill("id = ?").join(" or ");
    expect(() => clients.where(many, ...ids(10_001))).toThrow("<= ");
  });

  test("goes as deep and as wide as the language allows", async () => {
    const chain = new Array(5_000).fill("id = ?").join(" or ");
    const args = new Array(5_000).fill("none");
    expect(await clients.where(chain, ...args).count()).toBe(0);
    let nested = "id = ?";
    for (let depth = 0; depth < 99; depth++) {
      nested = `(id != ? ${depth % 2 ? "or" : "and"} ${nested}) or id = ?`;
    }
    const count = nested.split("?").length - 1;
    expect(await clients.where(nested, ...new Array(count).fill("x")).count()).toBe(4);
  });

  test("is not changed by any of its steps", async () => {
    const query = clients.all();
    query.where("token = ?", "a").limit(1).skip(1).orderBy("name").include("org");
    expect(await query.count()).toBe(4);
    expect(() => Object.assign(query, { a: 1 })).toThrow('Cannot set "a" of a query');
  });

  test("chains where() as AND", async () => {
    const query = clients.where("active = ?", true).where({ tier: "paid" }).where();
    expect((await query.toArray()).map(({ token }) => token)).toEqual(["d"]);
  });

  test("orders by fields, null lowest, then by ID", async () => {
    const tokens = async (...order: string[]) =>
      (await clients.all().orderBy(...order).toArray()).map(({ token }) => token).join("");
    expect(await tokens("name")).toBe("dcba");
    expect(await tokens("-name")).toBe("abcd");
    expect(await tokens("active", "-token")).toBe("cbda");
    expect((await tokens("-active", "token")).endsWith("bc")).toBe(true);
    const byTier = await clients.all().orderBy("tier").toArray();
    const paid = byTier.filter(({ tier }) => tier === "paid").map(({ id }) => id);
    expect(paid).toEqual(paid.toSorted());
    const replaced = await clients.all().orderBy("name").orderBy("-token").toArray();
    expect(replaced.map(({ token }) => token).join("")).toBe("dcba");
    const plain = (await clients.all().toArray()).map(({ id }) => id);
    expect(plain).toEqual(plain.toSorted());
    expect(() => clients.all().orderBy("nme")).toThrow(
      'no field "nme" to order by, did you mean "name"?',
    );
  });

  test("limits and skips", async () => {
    const query = clients.all().orderBy("token");
    const tokens = async (part: typeof query) =>
      (await part.toArray()).map(({ token }) => token).join("");
    expect(await tokens(query.limit(2))).toBe("ab");
    expect(await tokens(query.skip(3))).toBe("d");
    expect(await tokens(query.skip(1).limit(2))).toBe("bc");
    expect(await tokens(query.limit(0))).toBe("");
    expect(await query.limit(0).first()).toBeNull();
    expect((await query.skip(2).first())?.["token"]).toBe("c");
    expect(await query.skip(1).limit(2).count()).toBe(2);
    for (const bad of [-1, 1.5, NaN, "1"]) {
      expect(() => query.limit(bad as number)).toThrow("limit needs a whole number from 0");
      expect(() => query.skip(bad as number)).toThrow("skip needs a whole number from 0");
    }
  });

  test("explains itself", async () => {
    const plan = await clients.where("token = ?", "a").explain();
    expect(plan).toContain("USING INDEX api_client:token (token=?)");
    expect(await clients.where("org = ?", acme).explain()).toContain(
      "USING INDEX api_client:org_id",
    );
  });

  test("is walked in pages, in its order", async () => {
    await using big = await openTestDatabase();
    const batch = new big.Batch();
    const values = Array.from(
      { length: 1_700 },
      (_, index) => index % 11 === 0 ? null : index % 300,
    );
    for (const value of values) batch.save(big.DB.sample?.create({ value }) ?? never());
    await batch.execute();
    for (const order of [[], ["value"], ["-value"], ["-id"], ["value", "-id"]]) {
      const query = big.DB.sample?.all().orderBy(...order) ?? never();
      const expected = (await query.toArray()).map(({ id }) => id);
      expect(await walk(query)).toEqual(expected);
      expect(await walk(query.skip(10).limit(1_200))).toEqual(expected.slice(10, 1_210));
      expect(await walk(query.where("value > ?", 100))).toEqual(
        (await query.where("value > ?", 100).toArray()).map(({ id }) => id),
      );
    }
  });

  test("that is walked can have its rows destroyed on the way", async () => {
    await using big = await openTestDatabase();
    const batch = new big.Batch();
    for (let value = 0; value < 1_200; value++) {
      batch.save(big.DB.sample?.create({ value }) ?? never());
    }
    await batch.execute();
    let seen = 0;
    for await (const sample of big.DB.sample?.all().orderBy("value") ?? never()) {
      seen += 1;
      await sample.destroy();
    }
    expect([seen, await big.DB.sample?.all().count()]).toEqual([1_200, 0]);
  });

  test("throws where it is taken for an array, and names the right call", () => {
    const query: object = clients.all();
    expect(() => Reflect.get(query, "length")).toThrow("use await query.count()");
    expect(() => Reflect.get(query, "0")).toThrow("use await query.toArray()");
    expect(() => [...(query as Iterable<unknown>)]).toThrow(
      "use for await, or await query.toArray()",
    );
    expect(() => JSON.stringify({ query })).toThrow("use await query.toArray()");
  });
});

describe("destroyAll()", () => {
  test("destroys what the query finds, limits included, and counts", async () => {
    await using db = await openTestDatabase();
    const samples = db.DB.sample ?? never();
    for (let value = 0; value < 10; value++) await samples.create({ value }).save();
    expect(await samples.where("value < ?", 3).destroyAll()).toBe(3);
    expect(await samples.all().orderBy("-value").limit(2).destroyAll()).toBe(2);
    const left = await samples.all().orderBy("value").toArray();
    expect(left.map(({ value }) => value)).toEqual([3, 4, 5, 6, 7]);
    expect(await samples.all().destroyAll()).toBe(5);
  });
});

describe("include()", () => {
  test("loads belongs-to with one statement per level", async () => {
    const objects = await clients.all().orderBy("token").include("org", "org.parent").toArray();
    const parents = await Promise.all(objects.map(async (client) => {
      const org = await related(client, "org");
      return org && [org["name"], (await related(org, "parent"))?.["name"]];
    }));
    expect(parents).toEqual([["Acme", "Holding"], ["Acme", "Holding"], null, null]);
    // Those that refer to the same object share it.
    expect(await related(objects[0] ?? never(), "org")).toBe(
      await related(objects[1] ?? never(), "org"),
    );
  });

  test.each(["samples", "name", "org_id", "org.name", "", "nothing"])("refuses %p", (path) => {
    expect(() => clients.all().include(path)).toThrow(
      `Cannot include "${path}": name a belongs-to of`,
    );
  });
});

async function related(object: TestObject, name: string): Promise<TestObject | null> {
  const load = object[name] as () => Promise<TestObject | null>;
  return await load.call(object);
}

async function walk(query: AsyncIterable<TestObject>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of query) ids.push(id);
  return ids;
}

function never(): never {
  throw new Error("Cannot be undefined");
}
