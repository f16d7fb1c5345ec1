import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestDatabase, type TestCollection, type TestDatabase } from "./support.ts";

let db: TestDatabase;
let everything: TestCollection;

beforeAll(async () => {
  db = await openTestDatabase();
  everything = db.DB.everything ?? never();
});

afterAll(() => db[Symbol.asyncDispose]());

/** Saves an object with one field, and reads it in another connection. */
async function roundTrip(field: string, value: unknown): Promise<unknown> {
  const object = everything.create({ [field]: value });
  const before = object[field];
  await object.save();
  await using other = db.again();
  const found = await other.DB.everything?.first(object.id);
  expect(JSON.stringify(found?.[field])).toBe(JSON.stringify(before));
  return found?.[field];
}

const now = new Date(1_790_000_000_123);

describe("casting", () => {
  test.each<[field: string, given: unknown, kept: unknown]>([
    ["text", "a", "a"],
    ["text", "", ""],
    ["text", 5, "5"],
    ["text", true, "true"],
    ["text", 12n, "12"],
    ["text", "a\uD800b", "a\uFFFDb"],
    ["integer", 5, 5],
    ["integer", 5.9, 5],
    ["integer", -5.1, -6],
    ["integer", Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ["number", 0.1, 0.1],
    ["number", 1e308, 1e308],
    ["number", 5e-324, 5e-324],
    ["number", -0, 0],
    ["flag", true, true],
    ["flag", false, false],
    ["moment", now, now],
    ["moment", new Date(-8.64e15), new Date(-8.64e15)],
    ["one", "a", "a"],
    ["level", 2, 2],
    ["many", ["b", "a"], ["b", "a"]],
    ["many", [], []],
    ["levels", [2, 1], [2, 1]],
    ["place", { latitude: 1.5, longitude: -2, altitude: null }, {
      latitude: 1.5,
      longitude: -2,
      altitude: null,
    }],
    ["way", [{ latitude: 1, longitude: 2 }], [{ latitude: 1, longitude: 2 }]],
    ["text", undefined, null],
    ["text", null, null],
    ["flag", undefined, null],
  ])("keeps %s of %p", async (field, given, kept) => {
    expect(await roundTrip(field, given)).toEqual(kept);
  });

  test("takes a Day, a Date and text for a date, and gives a Day", async () => {
    for (const value of [new db.Day(2024, 1, 29), new Date(2024, 1, 29, 12), "2024-02-29"]) {
      const day = await roundTrip("day", value);
      expect(day).toBeInstanceOf(db.Day);
      expect(String(day)).toBe("2024-02-29");
    }
  });

  test.each<[field: string, given: unknown, needed: string]>([
    ["text", {}, "text: got {}"],
    ["text", [1], "text: got [1]"],
    ["text", Symbol("a"), "text: got a symbol"],
    ["text", "a\0b", "text without the character U+0000"],
    ["integer", "5", 'a finite number: got "5"'],
    ["integer", NaN, "a finite number: got NaN"],
    ["integer", 1e300, "an integer within ±9007199254740991: got 1e+300"],
    ["number", Infinity, "a finite number: got Infinity"],
    ["number", "1", 'a finite number: got "1"'],
    ["number", 1n, "a finite number: got 1n"],
    ["flag", 1, "true or false: got 1"],
    ["flag", "true", 'true or false: got "true"'],
    ["moment", "2024-01-01", 'a valid Date: got "2024-01-01"'],
    ["moment", new Date(NaN), "a valid Date: got an invalid Date"],
    ["moment", 5, "a valid Date: got 5"],
    ["day", "2024-02-30", "a Day, a Date, or text"],
    ["day", 5, "a Day, a Date, or text"],
    ["one", "c", 'one of "a", "b": got "c"'],
    ["one", 1, 'one of "a", "b": got 1'],
    ["level", "1", 'one of 1, 2: got "1"'],
    ["many", ["a", "d"], 'an array of "a", "b", "c": got ["a","d"]'],
    ["many", "a", "an array of"],
    ["levels", ["1"], "an array of 1, 2"],
    ["place", { latitude: 91, longitude: 0 }, "a location"],
    ["place", [1, 2], "a location"],
    ["way", { latitude: 1, longitude: 2 }, "an array of at most 100000 locations"],
    ["way", [{}], "an array of a location"],
    ["file", "a", "what Attachment.create() gives"],
    ["file", { id: "x" }, "what Attachment.create() gives"],
  ])("refuses %s of %p", (field, given, needed) => {
    const object = everything.create();
    const assign = () => {
      object[field] = given;
    };
    expect(assign).toThrow(TypeError);
    expect(assign).toThrow(`Cannot set DB.everything.${field}: it must be ${needed}`);
    expect(object[field]).toBeNull();
    expect(() => everything.create({ [field]: given })).toThrow(TypeError);
  });

  test("gives values whose change would go unnoticed so that they cannot be changed", () => {
    const object = everything.create({
      many: ["a"],
      moment: now,
      place: { latitude: 1, longitude: 2 },
    });
    expect(() => (object["many"] as string[]).push("b")).toThrow(TypeError);
    expect(() => Object.assign(object["place"] ?? never(), { latitude: 3 })).toThrow(TypeError);
    (object["moment"] as Date).setFullYear(1999);
    expect(object["moment"]).toEqual(now);
  });

  test("shows long and odd values shortly in errors", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const object = everything.create();
    expect(() => object.setAll({ flag: "x".repeat(1e6) })).toThrow(/^.{0,160}$/);
    expect(() => object.setAll({ flag: cycle })).toThrow("got an object");
    expect(() => object.setAll({ flag: () => 1 })).toThrow("got a function");
  });
});

describe("an attachment", () => {
  const bytes = new Uint8Array([0, 1, 254, 255]);

  test.each<
    [
      how: string,
      content: { text: string } | { base64: string } | { data: Uint8Array | ArrayBuffer },
      base64: string,
    ]
  >([
    ["text", { text: "hé😀" }, Buffer.from("hé😀").toString("base64")],
    ["base64", { base64: "AAH+/w==" }, "AAH+/w=="],
    ["a view", { data: bytes.subarray(1) }, "Af7/"],
    ["a buffer", { data: bytes.buffer }, "AAH+/w=="],
  ])("keeps %s", async (_how, content, base64) => {
    const attachment = await db.Attachment.create({ filename: "a.bin", ...content });
    const object = everything.create({ file: attachment, picture: attachment, signed: attachment });
    await object.save();
    await using other = db.again();
    const found = await other.DB.everything?.first(object.id);
    for (const field of ["file", "picture", "signed"]) {
      const read = found?.[field] as typeof attachment;
      expect(read).toMatchObject({ id: attachment.id, filename: "a.bin" });
      expect(await read.toBase64()).toBe(base64);
      expect(new Uint8Array(await read.toArrayBuffer())).toEqual(
        new Uint8Array(Buffer.from(base64, "base64")),
      );
      expect(await read.toText()).toBe(Buffer.from(base64, "base64").toString());
    }
    expect(JSON.parse(JSON.stringify(found))).toMatchObject({
      file: { id: attachment.id, filename: "a.bin" },
    });
    expect(await everything.where("file = ?", attachment).count()).toBe(1);
  });

  test.each<[given: unknown, says: string]>([
    [undefined, "give a filename"],
    [{ filename: "", text: "" }, "give a filename"],
    [{ filename: "a" }, "give one of text, base64 and data: got 0"],
    [{ filename: "a", text: "a", base64: "" }, "give one of text, base64 and data: got 2"],
    [{ filename: "a", text: 5 }, "text and base64 are strings"],
    [{ filename: "a", base64: "*" }, "text and base64 are strings"],
    [{ filename: "a", data: [1] }, "text and base64 are strings, data an ArrayBuffer"],
  ])("is not made of %p", async (given, says) => {
    const create: (given: never) => Promise<unknown> = db.Attachment.create;
    await expect(create(given as never)).rejects.toThrow(`Cannot create an attachment: ${says}`);
  });

  test("whose file is gone says so", async () => {
    const attachment = await db.Attachment.create({ filename: "a", text: "a" });
    await Bun.file(`${db.dir}/attachments/${attachment.id}`).delete();
    await expect(attachment.toText()).rejects.toThrow(`Cannot read attachment "${attachment.id}"`);
  });
});

function never(): never {
  throw new Error("Cannot be undefined");
}
