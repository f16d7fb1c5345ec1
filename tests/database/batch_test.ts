import { describe, expect, test } from "bun:test";
import { openTestDatabase, type TestCollection, type TestDatabase } from "./support.ts";

describe("a batch", () => {
  test("saves and destroys in one transaction, in order", async () => {
    await using db = await openTestDatabase();
    const old = samples(db).create({ value: 0 });
    await old.save();
    const batch = new db.Batch();
    const added = [1, 2, 3].map((value) => samples(db).create({ value }));
    for (const sample of added) batch.save(sample);
    batch.destroy(old);
    expect(await samples(db).all().count()).toBe(1);
    await batch.execute();
    expect(await valuesOf(db)).toEqual([1, 2, 3]);
    expect([old.persisted, added[0]?.persisted]).toEqual([false, true]);
  });

  test("takes each object once, and destroying wins", async () => {
    await using db = await openTestDatabase();
    const [a, b] = [samples(db).create({ value: 1 }), samples(db).create({ value: 2 })];
    await b.save();
    const batch = new db.Batch();
    batch.save(a);
    batch.save(a);
    batch.destroy(b);
    batch.save(b);
    batch.save(b);
    await batch.execute();
    expect(await valuesOf(db)).toEqual([1]);
  });

  test.each(["save", "destroy"] as const)(
    "refuses to %s what is no object, at once",
    async (name) => {
      await using db = await openTestDatabase();
      const batch = new db.Batch();
      for (const wrong of [null, undefined, 5, "id", {}, []]) {
        expect(() => batch[name](wrong as never)).toThrow(TypeError);
        expect(() => batch[name](wrong as never)).toThrow(
          `Cannot ${name} in a batch: give an object of DB`,
        );
      }
    },
  );

  test("undoes everything on an error, says which object it was, and can be run again", async () => {
    await using db = await openTestDatabase();
    const [kept, gone] = [samples(db).create({ value: 1 }), samples(db).create({ value: 2 })];
    await Promise.all([kept.save(), gone.save()]);
    await samples(db.again()).where("id = ?", gone.id).destroyAll();
    const batch = new db.Batch();
    const fresh = samples(db).create({ value: 3 });
    kept["value"] = 10;
    gone["value"] = 20;
    for (const sample of [fresh, kept, gone]) batch.save(sample);
    const error: unknown = await batch.execute().catch((error: unknown) => error);
    expect(error).toMatchObject({
      name: "CrudError",
      message: expect.stringContaining("it is no longer in the database"),
      errors: [{ operation: "save", error: expect.objectContaining({ code: "missing" }) }],
    });
    const { errors, firstError } = error as {
      errors: { object: unknown }[];
      firstError(): unknown;
    };
    expect(errors[0]?.object).toBe(gone);
    expect(firstError.call(error)).toBe(errors[0]);
    expect(await valuesOf(db)).toEqual([1]);
    expect(fresh.persisted).toBe(false);

    batch.destroy(gone);
    await batch.execute();
    expect(await valuesOf(db)).toEqual([3, 10]);
  });

  test("that has been executed does nothing when it is executed again", async () => {
    await using db = await openTestDatabase();
    const batch = new db.Batch();
    const sample = samples(db).create({ value: 1 });
    batch.save(sample);
    await batch.execute();
    await sample.destroy();
    await batch.execute();
    expect(await valuesOf(db)).toEqual([]);
    batch.save(samples(db).create({ value: 2 }));
    await batch.execute();
    expect(await valuesOf(db)).toEqual([2]);
  });

  test("without anything to do does nothing", async () => {
    await using db = await openTestDatabase();
    await new db.Batch().execute();
    const batch = new db.Batch();
    const sample = samples(db).create();
    batch.destroy(sample);
    await batch.execute();
    await sample.save();
    expect(await samples(db).all().count()).toBe(0);
  });
});

function samples(db: TestDatabase): TestCollection {
  const { sample } = db.DB;
  if (sample === undefined) throw new Error("Cannot find the model");
  return sample;
}

async function valuesOf(db: TestDatabase): Promise<unknown[]> {
  const found = await samples(db.again()).all().orderBy("value").toArray();
  return found.map(({ value }) => value);
}
