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
      "tsconfig.json": JSON.stringify({
        compilerOptions: { ...options, module: "esnext", moduleResolution: "bundler" },
      }),
    });
    await writeEditorFiles(folder.path, toDeclarations(toDataModel(sampleSchema)));
    const tsc = Bun.spawn([join(root, "node_modules/.bin/tsc"), "-p", folder.path], {
      stdout: "pipe",
    });
    const output = await new Response(tsc.stdout).text();
    expect(output).toBe("");
    expect(await tsc.exited).toBe(0);
  }, 30_000);

  test("survive labels that would end a comment", () => {
    const schema = `<data-model><model name="m" label="a */ b"/></data-model>`;
    expect(toDeclarations(toDataModel(schema))).toContain("/** a * / b */");
  });
});
