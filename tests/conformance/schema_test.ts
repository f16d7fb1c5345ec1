import { describe, expect, test } from "bun:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createTempFolder } from "../temp_folder.ts";
import { isAlive, migratorsBelow, type ProcessEntry } from "./processes.ts";
import { startServer, type TestServer } from "./server.ts";
import { root, targets } from "./targets.ts";
import { until } from "./wait.ts";

const depot = join(root, "tests/fixtures/depot");
const json = { "content-type": "application/json" };

describe.each([...targets])("$name: a changed schema", (target) => {
  test("is applied at a reload; one that does not fit leaves the release that runs", async () => {
    await using apps = await copyApps(["one", "two"]);
    const [one = "", two = ""] = apps.dirs;
    const server = await startServer(target, { apps: [one, two] });
    const get = (app: string) => server.fetch("/items", { host: `${app}-testing.localhost` });
    const put = (app: string, values: object) =>
      server.fetch("/items", {
        method: "PUT",
        host: `${app}-testing.localhost`,
        headers: json,
        body: JSON.stringify([values]),
      });
    try {
      await put("one", { name: "five" });
      // Each deployment has its own database.
      expect([(await get("one")).text, (await get("two")).text]).toEqual([
        expect.stringContaining("five"),
        "[]",
      ]);

      change(one, (schema) => schema.replace("<index", '<field name="note" type="text" /><index'));
      server.signal("SIGHUP");
      await server.untilOutput(/release\.activated .*one-testing/);
      await put("one", { name: "six", note: "new" });
      expect((await get("one")).text).toContain('"note":"new"');

      change(
        one,
        (schema) =>
          schema.replace('name="name" label="Name" type="text"', 'name="name" type="integer"'),
      );
      server.signal("SIGHUP");
      await server.untilOutput(
        /release\.refused .*Cannot change DB\.item\.name from text to integer/,
      );
      expect((await get("one")).text).toContain("five");

      change(one, (schema) => schema.replace("<data-model>", "<data-model"));
      server.signal("SIGHUP");
      await server.untilOutput(/release\.refused .*schema\.xml:\d+:\d+: correct the XML/);
      expect((await get("one")).status).toBe(200);
    } finally {
      await server.stop();
    }
  }, 60_000);

  test("is applied by a process of its own, while both apps are served", async () => {
    await using apps = await copyApps(["one", "two"]);
    const [one = "", two = ""] = apps.dirs;
    const server = await startServer(target, { apps: [one, two] });
    const get = (app: string) => server.fetch("/items", { host: `${app}-testing.localhost` });
    // While this is locked, no migration comes to its end.
    using lock = lockDatabase(server, "one-testing");
    try {
      expect((await get("one")).status).toBe(200);
      change(one, (schema) => schema.replace("<index", '<index on="-count" /><index'));
      server.signal("SIGHUP");
      await server.untilOutput(/database\.migrating .*one-testing/);
      const [migrator] = await untilMigrators(server.pid);
      for (const app of ["one", "two"]) expect((await get(app)).status).toBe(200);
      expect(migrator && isAlive(migrator)).toBe(true);
      lock.release();
      await server.untilOutput(/release\.activated .*one-testing/);
      expect((await get("one")).status).toBe(200);
    } finally {
      await server.stop();
    }
  }, 60_000);

  test("does not keep a server from stopping", async () => {
    await using apps = await copyApps(["one"]);
    const [one = ""] = apps.dirs;
    const server = await startServer(target, { apps: [one], flags: ["--drain=1s"] });
    using _lock = lockDatabase(server, "one-testing");
    change(one, (schema) => schema.replace("<index", '<index on="-count" /><index'));
    server.signal("SIGHUP");
    await server.untilOutput(/database\.migrating .*one-testing/);
    const [migrator] = await untilMigrators(server.pid);
    await server.stop();
    expect(migrator && isAlive(migrator)).toBe(false);
    await server.untilOutput(/release\.refused .*Cannot finish the migration/);
  }, 60_000);

  test("that is wrong stops the start, and check names it", async () => {
    await using apps = await copyApps(["one"]);
    const [one = ""] = apps.dirs;
    change(one, (schema) => schema.replace('type="integer"', 'type="intger"'));
    for (
      const words of [["check", one], ["serve", one, "--port=0", `--data=${join(one, "data")}`]]
    ) {
      const child = Bun.spawn([...target.command, ...words], {
        cwd: root,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const output = await new Response(child.stdout).text() +
        await new Response(child.stderr).text();
      expect(await child.exited).toBe(1);
      expect(output).toContain(`${one}/schema.xml:4:39: choose one of text, `);
      expect(output).toContain('did you mean "integer"?');
    }
  });

  test("is known to check: tasks may name models as they load", async () => {
    await using apps = await copyApps(["one"]);
    const [one = ""] = apps.dirs;
    const path = join(one, "items.ts");
    writeFileSync(
      path,
      `const items = DB.item.where("name = ?", "a");\n${readFileSync(path, "utf8")}`,
    );
    const check = Bun.spawn([...target.command, "check", one, "--json"], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(JSON.parse(await new Response(check.stdout).text())).toMatchObject({ ok: true });
  });
});

interface AppCopies extends AsyncDisposable {
  readonly dirs: readonly string[];
}

/** Copies of the app, each under a name of its own. */
async function copyApps(names: readonly string[]): Promise<AppCopies> {
  const folder = await createTempFolder();
  const dirs = names.map((name) => {
    const dir = join(folder.path, name);
    cpSync(depot, dir, { recursive: true });
    const manifest = join(dir, "cloudcode.json");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"depot"', `"${name}"`));
    return dir;
  });
  return { dirs, [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose]() };
}

interface Lock extends Disposable {
  release(): void;
}

/** Keeps everybody else from writing to a database. */
function lockDatabase(server: TestServer, hostname: string): Lock {
  const file = join(server.dataFolder, "databases", hostname, "database.sqlite");
  const database = new DatabaseSync(file);
  database.exec("BEGIN IMMEDIATE");
  const release = () => {
    if (database.isOpen) database.close();
  };
  return { release, [Symbol.dispose]: release };
}

/** Waits until a process migrates a database below `pid`. */
async function untilMigrators(pid: number): Promise<readonly ProcessEntry[]> {
  return await until("a migrator", () => {
    const found = migratorsBelow(pid);
    return found.length > 0 ? found : undefined;
  });
}

function change(app: string, edit: (schema: string) => string): void {
  const path = join(app, "schema.xml");
  writeFileSync(path, edit(readFileSync(path, "utf8")));
}
