import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createTempFolder } from "../temp_folder.ts";
import { conformance } from "./cases.ts";
import { startServer, type TestServer } from "./server.ts";
import { root, targets } from "./targets.ts";

const depot = join(root, "tests/fixtures/depot");
const host = "depot-testing.localhost";
const json = { "content-type": "application/json" };

/** Runs a command of the same program on the server's data. */
async function run(server: TestServer, ...words: string[]) {
  const { PATH = "", HOME = "" } = process.env;
  const child = Bun.spawn([...server.target.command, ...words, `--data=${server.dataFolder}`], {
    cwd: root,
    env: { PATH, HOME },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, stdout, stderr };
}

conformance("DB", { apps: [depot] }, (server) => {
  const items = (path: string, options: { method?: string; body?: string } = {}) =>
    server().fetch(path, { host, headers: json, ...options });

  test("is made at the start, without set-up, for its owner alone", () => {
    const folder = join(server().dataFolder, "databases/depot-testing");
    expect(readdirSync(folder)).toContain("database.sqlite");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test("keeps objects, with relations, days and attachments", async () => {
    const body = JSON.stringify({ name: "Ärmel %", count: 5.9 });
    const made = await items("/items", { method: "POST", body });
    expect(made.status).toBe(200);
    const { item, shelf, text } = JSON.parse(made.text);
    expect({ ...item, shelf, text }).toMatchObject({
      ...{ name: "Ärmel %", count: 5, since: "2024-02-29", shelf: "top", text: "photo" },
    });
    expect(JSON.parse((await items(`/items?id=${item.id}`)).text)).toEqual(item);
    expect(JSON.parse((await items("/items?name=ÄRM")).text)).toEqual([item]);
    expect((await items("/items?id=none")).text).toBe("null");
    await server().untilOutput(/saved item \{/);
  });

  test("writes batches, and destroys what a query finds", async () => {
    await items("/items", { method: "DELETE" });
    const body = JSON.stringify(
      Array.from({ length: 500 }, (_, count) => ({ name: `n${count}`, count })),
    );
    expect((await items("/items", { method: "PUT", body })).text).toBe('{"count":500}');
    expect((await items("/items", { method: "DELETE" })).text).toBe('{"count":500}');
  });

  test.each([
    ["model", 'Cannot use DB.itm: schema.xml has no model "itm", did you mean "item"?'],
    ["field", 'it has no field "nme", did you mean "name"?'],
    ["handed", 'it has no field "nme", did you mean "name"?'],
    ["tail", 'it has no field "nme", did you mean "name"?'],
    ["type", 'field "count" is integer and needs a finite number: got "five"'],
    ["many", "it must have <= 10000 arguments: got 10001"],
    ["long", "Cannot parse a query as it must be <= 65536 characters: got 1200008"],
    ["cast", "Cannot set DB.item.count: it must be a finite number"],
    ["choice", 'Cannot set DB.item.state: it must be one of "new": got "old"'],
    ["gone", "it is no longer in the database"],
  ])("answers 500 for mistake %p, and the trace names the line", async (which, says) => {
    const answer = await items(`/mistakes?which=${which}`);
    expect([answer.status, answer.text.includes("DB")]).toEqual([500, false]);
    const trace = answer.headers.get("x-trace-id") ?? "";
    const [entry] = await server().untilOutput(
      new RegExp(`trace=${trace} reason[^]*?\n(?=\\d{4}-|$)`),
    );
    expect(entry.replaceAll("\\\\", "").replaceAll('\\"', '"')).toContain(says);
    const lines = readFileSync(join(depot, "mistakes.ts"), "utf8").split("\n");
    const start = lines.findIndex((line) => line.includes(` ${which}() {`)) + 1;
    const end = lines.findIndex((line, index) => index > start && line === "  },") + 1;
    const line = Number(/depot\/mistakes\.ts:(\d+)/.exec(entry)?.[1]);
    expect(line).toBeGreaterThan(start);
    expect(line).toBeLessThan(end);
    expect(await items("/items?name=never")).toMatchObject({ text: "[]" });
  });

  test("says that a query is no data", async () => {
    expect((await items("/mistakes", { method: "POST" })).status).toBe(500);
    await server().untilOutput(/a query is not data: use await query\.toArray\(\)/);
  });

  test("is there for commands while it is served", async () => {
    const flag = "--deployment=depot-testing";
    const made = await run(server(), "db", "create", "item", "name=by command", flag, "--json");
    expect(made).toMatchObject({ exitCode: 0, stderr: "" });
    const { object: { id } } = JSON.parse(made.stdout);
    expect(JSON.parse((await items(`/items?id=${id}`)).text)).toMatchObject({ name: "by command" });
    const backup = join(server().folder, "a.backup");
    expect(await run(server(), "db", "backup", backup, flag)).toMatchObject({ exitCode: 0 });
    const restored = await run(server(), "db", "restore", backup, flag);
    expect(restored.stderr).toContain("Cannot restore while the database is in use");
    const copied = await run(server(), "db", "restore", backup, "--deployment=copy");
    expect(copied).toMatchObject({ exitCode: 0 });
    const exported = await run(server(), "db", "export", "item", "--deployment=copy");
    expect(JSON.parse(exported.stdout)).toMatchObject({ id, name: "by command" });
    const doctor = await run(server(), "doctor", "--json");
    expect(JSON.parse(doctor.stdout)).toMatchObject({
      ok: true,
      databases: [{ hostname: "copy" }, { hostname: "depot-testing", objects: { item: 1 } }],
    });
  });
});

describe.each([...targets])("$name: the sample app", (target) => {
  test("lets in the client that a command has made", async () => {
    const server = await startServer(target, { apps: [join(root, "tasks")] });
    const ask = (token: string) =>
      server.fetch("/my_web_task", {
        method: "POST",
        host: "acme-my-app-testing.localhost",
        headers: { authorization: `Bearer ${token}` },
      });
    try {
      expect(await ask("portal_7f3c9a")).toMatchObject({
        status: 401,
        text: '{"message":"Unauthorized"}',
      });
      const made = await run(
        server,
        "db",
        "create",
        "api_client",
        "name=Acme Portal",
        "token=portal_7f3c9a",
      );
      expect(made).toMatchObject({ exitCode: 0 });
      expect(await ask("portal_7f3c9a")).toMatchObject({
        status: 200,
        text: '{"user":"Acme Portal"}',
      });
      expect((await ask("other")).status).toBe(401);
    } finally {
      await server.stop();
    }
  });
});

describe.each([...targets])("$name: doctor", (target) => {
  /** Root may write to any file: here it gives up all it may do beyond other users. */
  const unprivileged = process.getuid?.() === 0
    ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    : [];

  test("finds a file that cannot be written", async () => {
    await using folder = await createTempFolder();
    const data = `--data=${folder.path}`;
    const { PATH = "", HOME = "" } = process.env;
    const run = (...words: string[]) =>
      Bun.spawnSync([...unprivileged, ...target.command, ...words, data], {
        cwd: root,
        env: { PATH, HOME },
      });
    expect(run("db", "create", "item", "name=a", `--app=${depot}`).exitCode).toBe(0);
    const file = join(folder.path, "databases/depot-testing/database.sqlite");
    chmodSync(file, 0o400);
    const { exitCode, stdout } = run("doctor");
    expect([exitCode, stdout.toString()]).toEqual([
      1,
      expect.stringContaining("problem: Cannot write to the database: its file is read-only"),
    ]);
  });
});
