import { describe, expect, test } from "bun:test";
import { parseDataModel } from "../../runtime/database/model/parse_data_model.ts";
import { parseSchema } from "../../runtime/database/model/parse_schema.ts";
import { readSchema } from "../../runtime/database/model/read_schema.ts";
import { createTempFolder } from "../temp_folder.ts";
import { sampleSchema, toDataModel } from "./support.ts";

const inModel = (parts: string) =>
  `<data-model>\n<model name="m">\n${parts}\n</model>\n<model name="other"/>\n</data-model>`;
const text = (name: string) => `<field name="${name}" type="text"/>`;

/** What is wrong with a schema, as `line:column: text`. */
function problemsOf(schema: string): string[] {
  return parseSchema(schema).problems.map(({ place, text }) =>
    `${place.line}:${place.column}: ${text}`
  );
}

describe("schema.xml", () => {
  test("gives models with fields, relations, indexes and display", () => {
    const { models } = toDataModel(sampleSchema);
    expect(models.map(({ name }) => name)).toEqual([
      "organisation",
      "api_client",
      "sample",
      "everything",
    ]);
    expect(models[1]).toEqual({
      name: "api_client",
      label: "API client",
      fields: [
        { name: "name", label: "Name", type: "text", options: [] },
        { name: "token", label: "Token", type: "text", options: [] },
        { name: "active", label: "Active", type: "boolean", options: [] },
        {
          name: "tier",
          label: "Tier",
          type: "single-choice",
          options: [{ key: "free", label: "Free" }, { key: "paid", label: "Paid" }],
        },
      ],
      belongsTo: [{ name: "org", model: "organisation" }],
      hasMany: [{ name: "samples", model: "sample", inverseOf: "client" }],
      indexes: [
        { columns: [{ column: "org_id", isDescending: false }] },
        { columns: [{ column: "token", isDescending: false }] },
      ],
      display: "{name} ({tier})",
    });
  });

  test("is the same model after a way through JSON", () => {
    const model = toDataModel(sampleSchema);
    expect(parseDataModel(JSON.parse(JSON.stringify(model)))).toEqual(model);
    expect(() => parseDataModel({ models: [{ name: 1 }] })).toThrow("unexpected name");
    expect(() => parseDataModel(null)).toThrow("Cannot read a data model");
  });

  test("takes every type, with any subtype of text", () => {
    const fields = ["text", "text:name", "text:address.city", "integer", "number", "boolean"]
      .map((type, index) => `<field name="f${index}" type="${type}"/>`).join("");
    const [model] = toDataModel(inModel(fields)).models;
    expect(model?.fields.map(({ type }) => type)).toEqual([
      ...["text", "text", "text", "integer", "number", "boolean"] as const,
    ]);
    expect(toDataModel(sampleSchema).models[3]?.fields).toHaveLength(15);
  });

  test("reads indexes over several fields and belongs-to", () => {
    const parts = `${text("a")}<belongs-to model="other" name="o"/><index on="a, -o"/>`;
    expect(toDataModel(inModel(parts)).models[0]?.indexes[1]).toEqual({
      columns: [{ column: "a", isDescending: false }, { column: "o_id", isDescending: true }],
    });
  });

  test("names a belongs-to after its model when it has no name", () => {
    const [model] = toDataModel(inModel(`<belongs-to model="other"/>`)).models;
    expect(model?.belongsTo).toEqual([{ name: "other", model: "other" }]);
  });

  test.each<[does: string, schema: string, problem: string]>([
    ["no XML", "hello", "1:1: correct the XML"],
    ["nothing", "", "1:1: correct the XML"],
    ["an open element", "<data-model>\n  <model>\n</data-model>", "3:1: correct the XML"],
    ["entities", `<!DOCTYPE a [<!ENTITY b "c">]><data-model/>`, "1:1: correct the XML: leave"],
    ["another root", "<models/>", "1:1: have one <data-model>"],
    ["two roots", "<data-model/>\n<data-model/>", "2:1: have one <data-model>"],
    ["an unknown element", inModel("<feild/>"), "3:1: remove <feild>"],
    ["a model without a name", "<data-model><model/></data-model>", '1:13: give <model> name="…"'],
    ["a bad name", inModel(text("1a")), '3:8: choose another name than "1a": begin with a letter'],
    ["a long name", inModel(text("a".repeat(61))), "3:8: choose a name of at most 60"],
    [
      "a name twice",
      inModel(`${text("a")}\n${text("A")}`),
      '4:8: choose another name than "A": it is taken by "a"',
    ],
    [
      "a relation named as a field",
      inModel(`${text("o")}<belongs-to model="other" name="o"/>`),
      'it is taken by "o"',
    ],
    [
      "a field named as a column",
      inModel(`<belongs-to model="other" name="o"/>${text("o_id")}`),
      '"o_id": it is taken',
    ],
    [
      "two models of one name",
      `<data-model>\n<model name="a"/>\n<model name="A"/></data-model>`,
      "3:8: choose another",
    ],
    ["a model of the engine's", `<data-model><model name="sqlite_a"/></data-model>`, '"sqlite_a"'],
    ["an unknown type", inModel(`<field name="a" type="txet"/>`), "3:17: choose one of text"],
    ["a missing type", inModel(`<field name="a"/>`), '3:1: give <field> type="…"'],
    [
      "a choice without options",
      inModel(`<field name="a" type="single-choice"/>`),
      "3:1: give 1 to 1000 <option",
    ],
    [
      "options of a text",
      inModel(`<field name="a" type="text"><option key="a">A</option></field>`),
      "remove <option>",
    ],
    [
      "a key twice",
      inModel(`<field name="a" type="single-choice"><option key="a"/><option key="a"/></field>`),
      'with the key "a"',
    ],
    [
      "a key that is no number",
      inModel(`<field name="a" type="single-choice-integer"><option key="a"/></field>`),
      'a whole number as the key: got "a"',
    ],
    [
      "a relation to no model",
      inModel(`<belongs-to model="othr"/>`),
      '3:13: name a model of this file: got "othr", did you mean "other"?',
    ],
    [
      "a wrong inverse",
      inModel(`<has-many model="other" name="o" inverse-of="m"/>`),
      '3:34: name a belongs-to of "other" that refers to "m": got "m"',
    ],
    [
      "an index on nothing",
      inModel(`<index on="a"/>`),
      '3:8: index fields and belongs-to of the model: got "a"',
    ],
    ["an index on a place", inModel(`<field name="a" type="location"/><index on="a"/>`), 'got "a"'],
    [
      "an index on one field twice",
      inModel(`${text("a")}<index on="a,-a"/>`),
      "each field of an index once",
    ],
    [
      "a display of nothing",
      inModel(`${text("a")}<display>{b}</display>`),
      'show fields of the model: got "{b}"',
    ],
    ["two displays", inModel(`<display>a</display><display>b</display>`), "keep one <display>"],
  ])("refuses %s", (_does, schema, problem) => {
    expect(problemsOf(schema).join("\n")).toContain(problem);
  });

  test.each(["object", "account", "id", "type", "Batch"])("reserves %p among models", (name) => {
    const problems = problemsOf(`<data-model><model name="${name}"/></data-model>`);
    expect(problems).toEqual([`1:20: choose another name than "${name}": it is reserved`]);
  });

  test.each([
    "object",
    "account",
    "id",
    "type",
    "_id",
    "_type",
    "account_id",
    "attribute",
    "save",
    "toJSON",
  ])(
    "reserves %p among fields",
    (name) =>
      expect(problemsOf(inModel(text(name))).join()).toContain(
        `choose another name than "${name}"`,
      ),
  );

  test("tells every problem at once, with its place", () => {
    const problems = problemsOf(
      inModel(`${text("1a")}\n${text("id")}\n<field name="c" type="x"/>`),
    );
    expect(problems.map((problem) => problem.slice(0, 3))).toEqual(["3:8", "4:8", "5:1"]);
  });

  test("accepts what CloudCode has and web tasks do not, and says so once", () => {
    const parts = `<webhook type="x"/><webhook/><notify-user message="m"/>` +
      `<field name="a" type="text" spin="1"/><field name="b" type="text" spin="2"/>`;
    const { problems, warnings } = parseSchema(inModel(parts));
    expect(problems).toEqual([]);
    expect(warnings.map(({ text }) => text)).toEqual([
      "<webhook> is ignored",
      "<notify-user> is ignored",
      'attribute "spin" of <field> is ignored',
    ]);
    expect(warnings[0]?.place).toEqual({ line: 3, column: 1 });
  });

  test("warns of names that end in _id", () => {
    const { problems, warnings } = parseSchema(inModel(text("order_id")));
    expect(problems).toEqual([]);
    expect(warnings).toEqual([{
      place: { line: 3, column: 8 },
      text: '"order_id" ends in _id: such names look like those of belongs-to columns',
    }]);
  });
});

describe("readSchema()", () => {
  test("gives undefined for an app without one", async () => {
    await using folder = await createTempFolder();
    expect(await readSchema(folder.path)).toBeUndefined();
  });

  test("names file, line, column and fix", async () => {
    await using folder = await createTempFolder({ "schema.xml": inModel(text("id")) });
    const message = `${folder.path}/schema.xml:3:8: choose another name than "id": it is reserved`;
    await expect(readSchema(folder.path)).rejects.toThrow(`Cannot read the data model: ${message}`);
  });

  test("refuses what is no file, no text or too large", async () => {
    await using folder = await createTempFolder({ "schema.xml/a": "" });
    await expect(readSchema(folder.path)).rejects.toThrow("Cannot read");
    await using large = await createTempFolder({ "schema.xml": " ".repeat(2 ** 20 + 1) });
    await expect(readSchema(large.path)).rejects.toThrow("keep it within 1048576 bytes");
    await using binary = await createTempFolder();
    await Bun.write(`${binary.path}/schema.xml`, new Uint8Array([0xff, 0xfe]));
    await expect(readSchema(binary.path)).rejects.toThrow("save it as UTF-8");
  });
});
