import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { writeEditorFiles } from "../../runtime/cli/editor_files.ts";
import { toDeclarations } from "../../runtime/database/tools/declarations.ts";
import { createTempFolder } from "../temp_folder.ts";
import { sampleSchema, toDataModel } from "./support.ts";

const root = join(import.meta.dir, "../..");
const options = {
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  target: "esnext",
  lib: ["esnext", "dom"],
  types: [],
};

const tsconfig = JSON.stringify({
  compilerOptions: { ...options, module: "esnext", moduleResolution: "bundler" },
});

/** What the type checker has to say of a folder. */
async function check(dir: string): Promise<string> {
  const tsc = Bun.spawn([join(root, "node_modules/.bin/tsc"), "-p", dir], { stdout: "pipe" });
  const output = await new Response(tsc.stdout).text();
  expect([output, await tsc.exited]).toEqual([output, output === "" ? 0 : 2]);
  return output;
}

/** What a task may write, one use of each part. */
const good = `
import type { StoredObject } from "@journeyapps/cloudcode";
const client = await DB.api_client.first("token = ?", "abc");
if (client !== null) {
  const name: string | null = client.name;
  client.name = 5;
  client.tier = "paid";
  const org: Model.organisation | null = await client.org();
  client.org(org);
  client.org_id = undefined;
  const values: (number | null)[] = (await client.samples.where("value > ?", 1).toArray()).map((s) => s.value);
  const object: StoredObject = client;
  await client.save();
  console.log(name, values, String(object));
}
const all = DB.everything.create({ day: "2024-01-01", moment: new Date(), many: ["a"], level: 2 });
const day: Day | null = all.day;
all.day = new Day(2024, 0, 1);
all.file = await Attachment.create({ filename: "a", text: "a" });
const batch = new DB.Batch();
batch.save(all);
await batch.execute();
for await (const each of DB.api_client.where({ active: true }).orderBy("-name").limit(1)) console.log(each.token, day);
export {};
`;

/** Lines that an editor must mark, each alone. */
const mistakes = [
  `DB.api_clint;`,
  `DB.api_client.create({ nme: 1 });`,
  `DB.api_client.where({ tier: "gold" });`,
  `(await DB.api_client.first("id"))?.nme;`,
  `DB.everything.create({ flag: "yes" });`,
  `DB.api_client.create().id = "x";`,
  `new DB.Batch().save({});`,
];

describe("the declarations of a data model", () => {
  test("type what tasks write, and mark mistakes", async () => {
    const marked = mistakes.map((line) => `// @ts-expect-error: a mistake\n${line}`).join("\n");
    await using folder = await createTempFolder({
      "good.ts": good,
      "mistakes.ts": `${marked}\nexport {};\n`,
      "tsconfig.json": tsconfig,
    });
    await writeEditorFiles(folder.path, toDeclarations(toDataModel(sampleSchema)));
    expect(await check(folder.path)).toBe("");
  }, 30_000);

  test("survive models and fields with names that mean something to TypeScript", async () => {
    const names = [
      ...["class", "default", "delete", "string", "any", "await", "StoredObject", "StoredQuery"],
      ...["Location", "Date", "Day", "Attachment", "Promise", "Model", "Fields", "DB", "let"],
    ];
    const fields = ["text", "date", "datetime", "location", "attachment"]
      .map((type) => `<field name="a_${type}" type="${type}"/>`).join("");
    const models = names.map((name) =>
      `<model name="${name}">${fields}<field name="f" type="text"/>
        <belongs-to model="${name}" name="in"/>
        <has-many model="${name}" name="new" inverse-of="in"/></model>`
    );
    const uses = names.map((name) =>
      `{ const o = DB.${name}.create({ a_datetime: new Date() });
        const values: [Date | null, Day | null, number | undefined, Attachment | null, string | null] =
          [o.a_datetime, o.a_date, o.a_location?.latitude, o.a_attachment, o.f];
        const [first] = await o.new.toArray(); const text: string | undefined | null = first?.f;
        console.log(values, text, (await o.in())?.id); }`
    );
    await using folder = await createTempFolder({
      "good.ts": `${uses.join("\n")}\nexport {};\n`,
      "tsconfig.json": tsconfig,
    });
    const schema = `<data-model>${models.join("")}</data-model>`;
    await writeEditorFiles(folder.path, toDeclarations(toDataModel(schema)));
    expect(await check(folder.path)).toBe("");
  }, 30_000);

  test("survive labels that would end a comment", () => {
    const schema = `<data-model><model name="m" label="a */ b"/></data-model>`;
    expect(toDeclarations(toDataModel(schema))).toContain("/** a * / b */");
  });
});
