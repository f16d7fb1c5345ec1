import { describe, expect, test } from "bun:test";
import { mkdir, open, readdir, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCli } from "../../runtime/cli/cli.ts";
import { createSqliteDatabase } from "../../runtime/database/sqlite/sqlite_database.ts";
import { inspectDatabase } from "../../runtime/database/tools/health.ts";
import { sampleSchema, toDataModel } from "../database/support.ts";
import { createTempFolder, type TempFolder } from "../temp_folder.ts";
import { createFakePlatform } from "./fake_platform.ts";

const manifest = JSON.stringify({ app: "acme", version: "1.15", tasks: {} });

interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An app with the sample schema, and `webtaskd` for it. */
class App implements AsyncDisposable {
  readonly #folder: TempFolder;

  constructor(folder: TempFolder) {
    this.#folder = folder;
  }

  static async create(): Promise<App> {
    return new App(
      await createTempFolder({ "cloudcode.json": manifest, "schema.xml": sampleSchema }),
    );
  }

  file(name: string): string {
    return join(this.#folder.path, name);
  }

  get data(): string {
    return this.file("data");
  }

  async db(...words: string[]): Promise<Finished> {
    return await this.run("db", ...words, `--app=${this.#folder.path}`);
  }

  async run(command: string, ...words: string[]): Promise<Finished> {
    const fake = createFakePlatform([command, ...words, `--data=${this.data}`]);
    const exitCode = await runCli(fake.platform);
    return { exitCode, stdout: fake.stdout(), stderr: fake.stderr() };
  }

  async json(...words: string[]) {
    const { stdout } = await this.db(...words, "--json");
    return JSON.parse(stdout);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#folder[Symbol.asyncDispose]());
  }
}

describe("webtaskd db", () => {
  test("create makes the database of an app and saves an object", async () => {
    await using app = await App.create();
    const made = await app.db(
      "create",
      "api_client",
      "name=Acme Portal",
      "token=abc",
      "active=true",
      "tier=paid",
    );
    expect(made).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^created api_client \S+ in acme-testing\n$/),
    });
    expect(
      await app.json(
        "create",
        "everything",
        "integer=5",
        "day=2024-02-29",
        "moment=2024-01-01T00:00:00Z",
        "many=a,b",
        "text=",
        "number=",
      ),
    ).toMatchObject({
      ok: true,
      deployment: "acme-testing",
      model: "everything",
      object: {
        integer: 5,
        day: "2024-02-29",
        moment: "2024-01-01T00:00:00.000Z",
        many: ["a", "b"],
        text: "",
        number: null,
      },
    });
    expect((await stat(join(app.data, "databases/acme-testing"))).mode & 0o777).toBe(0o700);
  });

  test("query shows objects, and counts those it leaves out", async () => {
    await using app = await App.create();
    for (const name of ["b", "a", "c"]) {
      await app.db("create", "api_client", `name=${name}`, "active=true");
    }
    const shown = await app.db(
      "query",
      "api_client",
      "active = ?",
      "true",
      "--order=-name",
      "--limit=2",
    );
    expect(shown.stdout.split("\n").map((line) => line.slice(38))).toEqual([
      expect.stringMatching(/^name +token/),
      expect.stringMatching(/^c +- +true/),
      expect.stringMatching(/^b +- +true/),
      expect.any(String),
      "",
    ]);
    expect(shown.stdout).toContain("2 of 3, 1 more: give a higher --limit");
    expect(await app.json("query", "api_client", "name in ? or tier = ?", '["a"]', "null"))
      .toMatchObject({ count: 3 });
    expect((await app.db("query", "api_client", "name = ?", "x")).stdout).toBe("0 of 0\n");
  });

  test("takes --deployment in place of an app, with the schema that was last served", async () => {
    await using app = await App.create();
    await app.db("create", "api_client", "name=a");
    const found = await app.run("db", "query", "api_client", "--deployment=acme-testing", "--json");
    expect(JSON.parse(found.stdout)).toMatchObject({ count: 1 });
    const missing = await app.run("db", "query", "api_client", "--deployment=acme-testin");
    expect(missing).toMatchObject({ exitCode: 1 });
    expect(missing.stderr).toContain('Cannot find the database of "acme-testin"');
    expect(missing.stderr).toContain('did you mean "acme-testing"?');
    const staging = await app.db("create", "api_client", "--environment=staging");
    expect(staging.stdout).toContain("in acme-staging");
    expect(await app.json("query", "api_client")).toMatchObject({ count: 1 });
  });

  test("leaves a database to the next deploy when the schema has changed", async () => {
    await using app = await App.create();
    await app.db("create", "api_client", "name=a");
    await writeFile(app.file("schema.xml"), sampleSchema.replaceAll('"token"', '"key"'));
    expect((await app.db("create", "api_client", "key=a")).stderr).toContain(
      'Cannot find a field "key"',
    );
    expect(await app.db("create", "api_client", "token=a")).toMatchObject({ exitCode: 0 });
  });

  test.each<[words: string[], exitCode: number, says: string]>([
    [["frob"], 2, "choose one of create, query"],
    [["create"], 2, "Cannot use so few words: write create MODEL"],
    [["backup", "a", "b"], 2, "Cannot use so many words: write backup FILE"],
    [["create", "api_clint"], 1, 'Cannot find the model "api_clint", did you mean "api_client"?'],
    [["create", "api_client", "nme=1"], 1, 'Cannot find a field "nme"'],
    [["create", "api_client", "name"], 1, "write FIELD=VALUE"],
    [["create", "api_client", "id=x"], 1, "Cannot choose the id"],
    [
      ["create", "api_client", "active=maybe"],
      1,
      'Cannot use "maybe" for active: it must be true or false',
    ],
    [["create", "api_client", "tier=gold"], 1, "Cannot set DB.api_client.tier: it must be one of"],
    [["query", "api_client", "nme = ?", "1"], 1, 'it has no field "nme"'],
    [["query", "api_client", "name in ?", "a"], 1, "write a JSON array"],
    [["query", "api_client", "--limit=x"], 1, "limit needs a whole number"],
    [["import", "api_client", "no-such-file"], 1, "Cannot import"],
    [["import", "api_client", "a.csv", "--format=xml"], 2, "give jsonl or csv"],
    [["restore", "no-such-file"], 1, "Cannot restore"],
    [["query", "api_client", "--deployment=../x"], 1, "Cannot use hostname"],
  ])("%p exits %p and says %p", async (words, expected, says) => {
    await using app = await App.create();
    const { stderr, ...finished } = await app.db(...words);
    expect(finished).toEqual({ exitCode: expected, stdout: "" });
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("names what is wrong with a schema", async () => {
    await using app = await App.create();
    await writeFile(app.file("schema.xml"), "<data-model><model/></data-model>");
    const { exitCode, stderr } = await app.db("query", "api_client");
    expect(exitCode).toBe(1);
    expect(stderr).toContain('schema.xml:1:13: give <model> name="…"');
  });
});

describe("webtaskd db import", () => {
  const rows = [
    { name: "a", token: "1", active: true, tier: "free" },
    { name: 'b "quoted", and\nlonger', token: null, active: null, tier: "paid" },
    { name: "", token: "ü😀", active: false, tier: null },
  ];

  test("reads JSON Lines, the last without a line end too", async () => {
    await using app = await App.create();
    await writeFile(
      app.file("a.jsonl"),
      `${rows.map((row) => JSON.stringify(row)).join("\r\n")}\n\n{"id":"own-id"}`,
    );
    const imported = await app.db("import", "api_client", app.file("a.jsonl"));
    expect(imported).toMatchObject({
      exitCode: 0,
      stdout: "imported 4 rows into api_client of acme-testing\n",
    });
    const { objects } = await app.json("query", "api_client", "--order=name");
    expect(objects.map(({ name }: { name: unknown }) => name)).toEqual([
      null,
      "",
      "a",
      rows[1]?.name,
    ]);
    expect(objects[0]).toMatchObject({ id: "own-id", active: null });
  });

  test("reads CSV with quotes, line ends in values, empty and missing values", async () => {
    await using app = await App.create();
    const text =
      '\uFEFFname,token,active,tier\r\na,1,true,free\r\n"b ""quoted"", and\nlonger",,,paid\r\n"",ü😀,false,\r\n';
    await writeFile(app.file("a.csv"), text);
    expect(await app.json("import", "api_client", app.file("a.csv"))).toMatchObject({
      ok: true,
      count: 3,
    });
    const { objects } = await app.json("query", "api_client", "--order=name");
    expect(objects).toMatchObject([rows[2], rows[0], rows[1]].map((row) => ({ ...row })));
  });

  test.each(["jsonl", "csv"])(
    "reads what export writes as %s, every type of field",
    async (format) => {
      await using app = await App.create();
      const { database, attachments } = createSqliteDatabase({
        dir: join(app.data, "databases/acme-testing"),
        dataModel: toDataModel(sampleSchema),
        isMade: true,
      });
      const file = await attachments.create({ filename: "a.txt", text: "a" });
      const everything = database.collection("everything");
      const values = {
        ...{
          text: 'a,"b"\n',
          integer: -5,
          number: 0.1,
          flag: false,
          day: "2024-02-29",
          moment: new Date(1),
        },
        ...{ place: { latitude: 1, longitude: 2 }, way: [{ latitude: 1, longitude: 2 }] },
        ...{ one: "a", many: ["b", "a"], level: 2, levels: [2, 1] },
        file,
      };
      for (const given of [values, {}]) {
        const created: { save?: () => Promise<void> } = everything.create(given);
        await created.save?.();
      }
      await database[Symbol.asyncDispose]();
      const path = app.file(`out.${format}`);
      expect(await app.json("export", "everything", path)).toMatchObject({ count: 2, file: path });
      const before = await app.json("query", "everything", "--order=id");
      const other = await app.db("import", "everything", path, "--environment=staging");
      expect(other).toMatchObject({ exitCode: 0 });
      const after = await app.json("query", "everything", "--order=id", "--environment=staging");
      expect(after.objects).toEqual(before.objects);
    },
  );

  test("export to - is to standard output", async () => {
    await using app = await App.create();
    await app.db("create", "organisation", "name=a");
    const { stdout, stderr } = await app.db("export", "organisation", "-", "--format=csv");
    expect(stdout).toMatch(/^id,name,parent_id\n\S+,a,\n$/);
    expect(stderr).toBe("");
  });

  test("export without a file writes rows to standard output", async () => {
    await using app = await App.create();
    await app.db("create", "sample", "value=1");
    expect(JSON.parse((await app.db("export", "sample")).stdout)).toMatchObject({ value: 1 });
    expect((await app.db("export", "sample", "--format=csv")).stdout).toMatch(
      /^id,value,client_id\n\S+,1,\n$/,
    );
  });

  test.each<[name: string, text: string, says: string]>([
    ["a.jsonl", '{"name":"a"}\n{"name":', "Cannot import line 2, column 9: "],
    ["a.jsonl", '{"name":"a"}\n[1]', "line 2, column 1: write one JSON object a line"],
    [
      "a.jsonl",
      '{"name":"a"}\n\n{"name":"b","active":"yes"}',
      'line 3, column 22: active: must be true or false: got "yes"',
    ],
    ["a.jsonl", '{"nme":1}', 'line 1, column 8: nme: DB.api_client has no field "nme"'],
    [
      "a.jsonl",
      '{"tier":"gold"}',
      'line 1, column 9: tier: must be one of "free", "paid": got "gold"',
    ],
    [
      "a.jsonl",
      '{"org_id":5}',
      "line 1, column 11: org_id: must be an object of organisation, or its ID",
    ],
    [
      "a.jsonl",
      '{"id":"a"}\n{"id":"a"}',
      'line 2, column 7: id: must be the ID of one object: "a" is there',
    ],
    ["a.jsonl", '{"id":"../a"}', "line 1, column 7: id: must be an ID"],
    ["a.csv", "name,nme\n", 'line 1, column 6: DB.api_client has no field "nme"'],
    [
      "a.csv",
      "name,active\na,true\nb,maybe\n",
      'line 3, column 3: active: must be true or false: got "maybe"',
    ],
    ["a.csv", "name,active\na\n", "line 2, column 1: give 2 values as the first line does: got 1"],
    ["a.csv", 'name\n"a', "line 2, column 1: close this quote"],
    ["a.csv", 'name\na"b\n', "line 2, column 2: put the whole value in quotes"],
    ["a.csv", 'name\n"a"b\n', "line 2, column 4: put a comma after the closing quote"],
  ])("of %s with %p names the place and leaves nothing behind", async (name, text, says) => {
    await using app = await App.create();
    await writeFile(app.file(name), text);
    const finished = await app.db("import", "api_client", app.file(name));
    expect(finished).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(says) });
    expect(await app.json("query", "api_client")).toMatchObject({ count: 0 });
  });

  test("refuses IDs that are in the database already, and bytes that are no UTF-8", async () => {
    await using app = await App.create();
    await writeFile(app.file("a.jsonl"), '{"id":"a"}');
    await app.db("import", "sample", app.file("a.jsonl"));
    const again = await app.db("import", "sample", app.file("a.jsonl"));
    expect(again.stderr).toContain(
      'column 7: id: must be the ID of one object: "a" is there already',
    );
    await writeFile(app.file("b.jsonl"), new Uint8Array([0x7b, 0xff]));
    expect((await app.db("import", "sample", app.file("b.jsonl"))).stderr).toContain(
      "save it as UTF-8",
    );
    expect(await app.json("query", "sample")).toMatchObject({ count: 1 });
  });

  test("of 100,000 rows takes at most 5 s of work, and a bad one among them leaves nothing", async () => {
    await using app = await App.create();
    const lines = Array.from(
      { length: 100_000 },
      (_, index) =>
        JSON.stringify({ name: `Client ${index}`, token: `token${index}`, active: true }),
    );
    await writeFile(
      app.file("bad.jsonl"),
      lines.with(69_999, '{"name":"x","active":"yes"}').join("\n"),
    );
    const refused = await app.db("import", "api_client", app.file("bad.jsonl"));
    expect(refused.stderr).toContain(
      'Cannot import line 70000, column 22: active: must be true or false: got "yes"',
    );
    expect(await app.json("query", "api_client")).toMatchObject({ count: 0 });

    await writeFile(app.file("good.jsonl"), lines.join("\n"));
    // Of the processor: how long it takes depends on what else the machine does.
    const before = process.cpuUsage();
    expect(await app.db("import", "api_client", app.file("good.jsonl"))).toMatchObject({
      exitCode: 0,
    });
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(5);
    expect(await app.json("query", "api_client", "--limit=1")).toMatchObject({ count: 100_000 });
  });

  test("shows how far it is", async () => {
    await using app = await App.create();
    await writeFile(app.file("a.jsonl"), '{"value":1}\n'.repeat(100_000));
    const { stderr } = await app.db("import", "sample", app.file("a.jsonl"));
    const shares = [...stderr.matchAll(/^import +(\d+)% \d+ rows$/gm)].map(([, share]) =>
      Number(share)
    );
    expect(shares.length).toBeGreaterThan(3);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(100);
  });
});

describe("webtaskd db backup and restore", () => {
  test("bring back objects and attachments, and keep what was there", async () => {
    await using app = await App.create();
    await app.db("create", "organisation", "name=before");
    const dir = join(app.data, "databases/acme-testing");
    const model = toDataModel(sampleSchema);
    const first = createSqliteDatabase({ dir, dataModel: model, isMade: true });
    const file = await first.attachments.create({ filename: "a.txt", text: "content" });
    const holder: { save?: () => Promise<void> } = first.database.collection("everything").create({
      file,
    });
    await holder.save?.();
    const backup = app.file("a.backup");
    // Online: the connection above is open.
    expect(await app.json("backup", backup)).toMatchObject({
      ok: true,
      attachments: 1,
      file: backup,
    });
    expect((await app.db("backup", backup)).stdout).toBe(
      `backed up acme-testing with 1 attachment to ${backup}\n`,
    );
    await app.db("create", "organisation", "name=after");
    expect((await app.db("restore", backup)).stderr).toContain(
      "Cannot restore while the database is in use",
    );
    await first.database[Symbol.asyncDispose]();

    const restored = await app.json("restore", backup);
    expect(restored).toMatchObject({ ok: true, deployment: "acme-testing", attachments: 1 });
    expect(restored.formerDir).toContain(".before-");
    expect(await app.json("query", "organisation")).toMatchObject({
      count: 1,
      objects: [{ name: "before" }],
    });
    expect(await Bun.file(join(dir, "attachments", file.id)).text()).toBe("content");
    const doctor = JSON.parse((await app.run("doctor", "--json")).stdout);
    expect(doctor).toMatchObject({
      ok: true,
      databases: [{
        hostname: "acme-testing",
        attachments: 1,
        attachmentBytes: 7,
        objects: { organisation: 1, everything: 1 },
        problems: [],
      }],
    });
    const copied = await app.run("db", "restore", backup, "--deployment=acme-copy", "--json");
    expect(JSON.parse(copied.stdout)).toMatchObject({ deployment: "acme-copy", formerDir: null });
    expect((await stat(join(app.data, "databases/acme-copy"))).mode & 0o777).toBe(0o700);
  });

  test("refuse a damaged file at any place, and change nothing", async () => {
    await using app = await App.create();
    await app.db("create", "organisation", "name=kept");
    const backup = app.file("a.backup");
    await app.db("backup", backup);
    const whole = await Bun.file(backup).bytes();
    for (const place of [0, 20, 90, 120, whole.length - 5_000, whole.length - 1]) {
      const bytes = whole.slice();
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      await writeFile(backup, bytes);
      const { exitCode, stderr } = await app.db("restore", backup);
      expect([place, exitCode, stderr]).toEqual([
        place,
        1,
        expect.stringContaining("Cannot restore"),
      ]);
    }
    await writeFile(backup, whole);
    await truncate(backup, whole.length - 1);
    expect((await app.db("restore", backup)).stderr).toContain("it is damaged at database.sqlite");
    await using longer = await open(backup, "w");
    await longer.writeFile(Buffer.concat([whole, new Uint8Array(1)]));
    expect((await app.db("restore", backup)).stderr).toContain("more in it than was written");
    expect(await app.json("query", "organisation")).toMatchObject({ count: 1 });
    expect(await readdir(join(app.data, "databases"))).toEqual(["acme-testing"]);
  });
});

describe("webtaskd db prune", () => {
  test("removes the files that no object refers to and that are older than a day", async () => {
    await using app = await App.create();
    const dir = join(app.data, "databases/acme-testing");
    const open = (schema: string) =>
      createSqliteDatabase({ dir, dataModel: toDataModel(schema), isMade: true });
    const { database, attachments } = open(sampleSchema);
    const fileOf = ({ id }: { readonly id: string }) => join(dir, "attachments", id);
    const create = (text: string) => attachments.create({ filename: "a.txt", text });
    const [used, picture, old, young] = [
      await create("used"),
      await create("in a field that is gone"),
      await create("old"),
      await create("young"),
    ];
    const holder: { save?: () => Promise<void> } = database.collection("everything")
      .create({ file: used, picture });
    await holder.save?.();
    await database[Symbol.asyncDispose]();
    const half = fileOf({ id: `.${crypto.randomUUID()}` });
    await writeFile(half, "half");
    for (const path of [...[used, picture, old].map(fileOf), half]) await utimes(path, 1, 1);
    // A field that is removed has its values when it comes back.
    const without = open(sampleSchema.replace(/<field name="picture".*\/>/, ""));
    await without.database.collection("everything").first();
    await without.database[Symbol.asyncDispose]();

    const doctor = await app.run("doctor");
    expect(doctor.exitCode).toBe(0);
    expect(doctor.stdout).toMatch(/unused {7}2 attachments, .*db prune --deployment acme-testing/);
    expect(await app.json("prune")).toEqual({
      ...{ ok: true, deployment: "acme-testing", count: 2, bytes: 7 },
    });
    const kept = [used, picture, young].map(({ id }) => id).sort();
    expect((await readdir(join(dir, "attachments"))).sort()).toEqual(kept);
    const again = await app.db("prune");
    expect(again.stdout).toContain("removed 0 unused attachments of acme-testing");
  });

  test("removes nothing when it cannot read what is used", async () => {
    await using app = await App.create();
    await app.db("create", "organisation", "name=a");
    const dir = join(app.data, "databases/acme-testing");
    const file = join(dir, "attachments", crypto.randomUUID());
    await mkdir(join(dir, "attachments"));
    await writeFile(file, "old");
    await utimes(file, 1, 1);
    await writeFile(join(dir, "database.sqlite"), "no database");
    expect((await app.db("prune")).exitCode).toBe(1);
    expect(await Bun.file(file).exists()).toBe(true);
  });
});

describe("webtaskd doctor", () => {
  test("tells size, log and integrity of each database", async () => {
    await using app = await App.create();
    expect((await app.run("doctor")).stdout).toContain("no databases in");
    await app.db("create", "organisation", "name=a");
    const { exitCode, stdout } = await app.run("doctor");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^database of acme-testing: ok\n {2}file .*database\.sqlite, \d/);
    expect(stdout).toContain("organisation: 1");
    expect(stdout).toMatch(/^ {2}WAL /m);
  });

  test("finds a disk that is full", async () => {
    await using app = await App.create();
    await app.db("create", "organisation", "name=a");
    const look = (free: number) =>
      inspectDatabase(app.data, "acme-testing", { freeBytes: () => Promise.resolve(free) });
    expect((await look(2 ** 20)).problems).toEqual(["its disk is full: 1MiB are left"]);
    expect((await look(2 ** 30)).problems).toEqual([]);
  });

  test("finds damaged files and missing attachments", async () => {
    await using app = await App.create();
    const dir = join(app.data, "databases/acme-testing");
    const { database, attachments } = createSqliteDatabase({
      dir,
      dataModel: toDataModel(sampleSchema),
      isMade: true,
    });
    const file = await attachments.create({ filename: "a", text: "a" });
    const holder: { save?: () => Promise<void> } = database.collection("everything").create({
      file,
    });
    await holder.save?.();
    await database[Symbol.asyncDispose]();
    await Bun.file(join(dir, "attachments", file.id)).delete();
    const missing = await app.run("doctor");
    expect(missing).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining("field file, is missing"),
    });

    const path = join(dir, "database.sqlite");
    const bytes = await Bun.file(path).bytes();
    await writeFile(path, bytes.fill(7, 5_000, 20_000));
    const broken = await app.run("doctor");
    expect(broken).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("damaged") });
    await writeFile(path, "no database");
    expect((await app.run("doctor")).stdout).toContain("its file is damaged");
  });
});
