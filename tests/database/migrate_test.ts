import { describe, expect, test } from "bun:test";
import { DatabaseSync } from "node:sqlite";
import { openTestDatabase, type TestCollection, type TestDatabase } from "./support.ts";

const schema = (fields: string, more = "") =>
  `<data-model><model name="m">${fields}</model>${more}</data-model>`;
const field = (name: string, type: string) => `<field name="${name}" type="${type}"/>`;
const choice = (keys: string[], type = "single-choice") =>
  `<field name="a" type="${type}">${keys.map((key) => `<option key="${key}"/>`).join("")}</field>`;

describe("a changed schema", () => {
  test("adds models, fields and indexes, and keeps what is there", async () => {
    await using db = await openTestDatabase(schema(field("a", "text")));
    await model(db).create({ a: "x" }).save();
    const more = schema(
      `${field("a", "text")}${field("b", "integer")}<belongs-to model="n"/><index on="b,-a"/>`,
      `<model name="n"/>`,
    );
    const later = db.again(more);
    const n = later.DB.n?.create();
    await n?.save();
    await model(later).create({ a: "y", b: 5, n }).save();
    const rows = await model(later).all().orderBy("a").toArray();
    expect(rows.map(({ a, b }) => [a, b])).toEqual([["x", null], ["y", 5]]);
    expect(await model(later).where("b = ?", 5).explain()).toContain("USING INDEX m:b,-a");
    // A worker of the release before goes on with what it knows.
    await model(db).create({ a: "z" }).save();
    expect(await model(later).all().count()).toBe(3);
  });

  test("drops nothing: a removed field has its values when it comes back", async () => {
    const both = schema(field("a", "text") + field("b", "text"), `<model name="n"/>`);
    await using db = await openTestDatabase(both);
    await model(db).create({ a: "1", b: "2" }).save();
    const without = db.again(schema(field("a", "text")));
    expect((await model(without).first())?.toJSON()).not.toHaveProperty("b");
    await model(without).create({ a: "3" }).save();
    const back = db.again(both);
    expect((await model(back).first({ a: "1" }))?.["b"]).toBe("2");
    expect((await model(back).first({ a: "3" }))?.["b"]).toBeNull();
  });

  test.each<[from: string, to: string, given: unknown, then: unknown]>([
    [field("a", "integer"), field("a", "number"), 5, 5],
    [field("a", "number"), field("a", "integer"), 5, 5],
    [field("a", "integer"), field("a", "text"), 5, "5"],
    [field("a", "boolean"), field("a", "text"), true, "true"],
    [field("a", "text"), field("a", "date"), "2024-02-29", "2024-02-29"],
    [field("a", "text"), choice(["x", "y"]), "x", "x"],
    [choice(["x"]), field("a", "text"), "x", "x"],
    [choice(["x", "y"]), choice(["x"]), "y", "y"],
    [field("a", "integer"), choice(["1"], "single-choice-integer"), 1, 1],
    [choice(["x"], "multiple-choice"), choice(["y"], "multiple-choice"), ["x"], ["x"]],
  ])("takes %s to %s with %p", async (from, to, given, then) => {
    await using db = await openTestDatabase(schema(`${from}`));
    await model(db).create({ a: given }).save();
    await model(db).create({}).save();
    const later = model(db.again(schema(to)));
    const rows = JSON.parse(JSON.stringify(await later.all().orderBy("-a").toArray()));
    expect(rows.map(({ a }: { a: unknown }) => a)).toEqual([then, null]);
  });

  test("makes values of a changed type ones of the new type to the engine, with its index", async () => {
    await using db = await openTestDatabase(schema(`${field("a", "integer")}<index on="a"/>`));
    for (const a of [9, 10, 100]) await model(db).create({ a }).save();
    const later = model(db.again(schema(`${field("a", "text")}<index on="a"/>`)));
    const rows = await later.all().orderBy("a").toArray();
    expect(rows.map(({ a }) => a)).toEqual(["10", "100", "9"]);
    expect(await later.where("a = ?", "9").explain()).toContain("INDEX m:a (a=?)");
    expect(await later.where("a = ?", "9").count()).toBe(1);
  });

  test.each<[from: string, to: string, given: unknown, shown: string]>([
    [field("a", "text"), field("a", "integer"), "five", '"five"'],
    [field("a", "number"), field("a", "integer"), 1.5, "1.5"],
    [field("a", "text"), field("a", "boolean"), "true", '"true"'],
    [field("a", "text"), choice(["x"]), "y", '"y"'],
    [field("a", "location"), field("a", "text"), { latitude: 1, longitude: 2 }, '{"latitude":1'],
  ])(
    "refuses %s to %s with %p, names the row, and changes nothing",
    async (from, to, given, shown) => {
      await using db = await openTestDatabase(schema(from));
      const row = model(db).create({ a: given });
      await row.save();
      const later = model(db.again(schema(`${to}${field("b", "text")}`)));
      const failed = later.all().count();
      await expect(failed).rejects.toThrow(`the row with the id "${row.id}" has ${shown}`);
      await expect(failed).rejects.toThrow(/^Cannot change DB\.m\.a from \S+ to \S+: /);
      await row.reload();
      expect(JSON.parse(JSON.stringify(row.toJSON()["a"]))).toEqual(given);
      const columns = new DatabaseSync(`${db.dir}/database.sqlite`, { readOnly: true })
        .prepare("SELECT name FROM pragma_table_info('m')").all();
      expect(columns.map((column) => column["name"])).toEqual(["id", "a"]);
    },
  );

  test("is applied once by processes that start together", async () => {
    await using db = await openTestDatabase(schema(field("a", "text")));
    const many = Array.from({ length: 8 }, () => db.again());
    const counts = await Promise.all(many.map((one) => model(one).all().count()));
    expect(counts).toEqual(new Array(8).fill(0));
  });
});

function model(db: TestDatabase): TestCollection {
  const { m } = db.DB;
  if (m === undefined) throw new Error("Cannot find the model");
  return m;
}
