import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectAnswer } from "./cases.ts";
import { startServer } from "./server.ts";
import { root, type Target, targets } from "./targets.ts";

const acme = join(root, "tests/fixtures/acme");
const globex = join(root, "tests/fixtures/globex");

/** An empty folder that is gone after the test. */
class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "wt-"));

  write(file: string, text: string): string {
    const path = join(this.path, file);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(target: Target, args: readonly string[], cwd: string): Promise<Finished> {
  const { PATH = "", HOME = "" } = process.env;
  const child = Bun.spawn([...target.command, ...args], {
    cwd,
    env: { PATH, HOME },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

/** Command lines that are misused: nothing starts, and the message names what is wrong. */
const misuses: readonly (readonly [args: string, message: RegExp])[] = [
  ["serve --port=x", /Cannot .*port.*x/s],
  ["serve --port=70000", /Cannot .*port.*70000/s],
  ["serve --timeout=60", /Cannot .*timeout.*60/s],
  ["serve --timeout=0s", /Cannot .*timeout.*0s/s],
  ["serve --max-body=5", /Cannot .*max-body.*5/s],
  ["serve --environment=prod", /Cannot .*environment.*prod/s],
  ["serve --hostname=-a", /Cannot .*hostname.*-a/s],
  ["serve --late=maybe", /Cannot .*late.*maybe/s],
  ["serve --env=1=2", /Cannot .*env/s],
  ["serve --no-such-flag", /no-such-flag/],
  ["no-such-command", /no-such-command/],
];

/** Manifests that are refused, and what the message must name. */
const badManifests: readonly (readonly [does: string, manifest: string, message: RegExp])[] = [
  ["no JSON", "{", /cloudcode\.json/],
  ["an unknown key", manifest({ a: {} }, { colour: "red" }), /colour/],
  ["an unknown task setting", manifest({ a: { web: true, webb: true } }), /webb/],
  ["a task without a file", manifest({ a: { web: true }, b: { web: true } }), /\bb\b/],
  ["a bad task name", manifest({ "1a": { web: true } }), /1a/],
  ["a duration without a unit", manifest({ a: { web: true, timeout: "60" } }), /timeout/],
  ["a version that is too old", manifest({ a: { web: true } }, { version: "1.0.9" }), /1\.0\.9/],
];

function manifest(tasks: object, more: object = {}): string {
  return JSON.stringify({ app: "app", version: "1.15", tasks, ...more });
}

describe.each([...targets])("$name: commands", (target) => {
  test("--version and --help exit 0", async () => {
    const version = await run(target, ["--version"], root);
    expect(version).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\d+\.\d+\.\d+/) });
    for (const args of [["--help"], ["serve", "--help"], ["check", "--help"], ["new", "--help"]]) {
      const help = await run(target, args, root);
      expect(help).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/usage/i) });
    }
  });

  test("new, then serve, answers", async () => {
    using folder = new Folder();
    const app = join(folder.path, "my app");
    mkdirSync(app);
    const made = await run(target, ["new", "hello", app], folder.path);
    expect(made).toMatchObject({ exitCode: 0, stderr: "" });
    const checked = await run(target, ["check", app], folder.path);
    expect(checked).toMatchObject({ exitCode: 0 });
    const server = await startServer(target, { apps: [app] });
    try {
      const host = `localhost:${server.port}`;
      expectAnswer(await server.fetch("/hello", { host }), { status: 200 });
    } finally {
      await server.stop();
    }
  });

  test("new writes to ./tasks by default, and a second task beside the first", async () => {
    using folder = new Folder();
    expect(await run(target, ["new", "one"], folder.path)).toMatchObject({ exitCode: 0 });
    const flags = ["--method", "post", "--auth", "bearer"];
    const two = await run(target, ["new", "two", ...flags], folder.path);
    expect(two).toMatchObject({ exitCode: 0 });
    const { tasks } = JSON.parse(readFileSync(join(folder.path, "tasks/cloudcode.json"), "utf8"));
    expect(tasks).toMatchObject({ one: { web: true }, two: { web: true } });
    expect(await run(target, ["check"], folder.path)).toMatchObject({ exitCode: 0 });
  });

  test("new refuses a task that exists", async () => {
    using folder = new Folder();
    await run(target, ["new", "one"], folder.path);
    const before = readFileSync(join(folder.path, "tasks/one.ts"), "utf8");
    const again = await run(target, ["new", "one"], folder.path);
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Cannot ") });
    expect(readFileSync(join(folder.path, "tasks/one.ts"), "utf8")).toBe(before);
  });

  test("types writes the declarations of @journeyapps/cloudcode", async () => {
    using folder = new Folder();
    folder.write("cloudcode.json", manifest({ a: { web: true } }));
    folder.write("a.ts", "export const authenticate = 1;");
    const { exitCode, stdout } = await run(target, ["types", folder.path], folder.path);
    expect(exitCode).toBe(0);
    const written = [...stdout.matchAll(/^wrote (.*\.d\.ts)$/gm)].map((match) => match[1] ?? "");
    expect(written.length).toBeGreaterThan(0);
    const text = written.map((path) => readFileSync(path, "utf8")).join("");
    expect(text).toContain("@journeyapps/cloudcode");
    expect(text).toContain("TaskContext");
  });

  test("check passes a sound app", async () => {
    const { exitCode, stdout } = await run(target, ["check", globex, "--json"], root);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      apps: [{
        app: "globex",
        problems: [],
        tasks: expect.arrayContaining([
          expect.objectContaining({
            name: "hello",
            web: true,
            methods: ["GET"],
            authenticate: true,
          }),
        ]),
      }],
    });
  });

  test("check names every problem of an unsound app and exits 1", async () => {
    const { exitCode, stdout } = await run(target, ["check", acme, "--json"], root);
    expect(exitCode).toBe(1);
    const { ok, apps: [{ problems }] } = JSON.parse(stdout);
    expect(ok).toBe(false);
    for (const task of ["broken", "unresolved", "no_authenticate", "only_run"]) {
      expect(problems.join("\n")).toContain(task);
    }
    expect(problems.join("\n")).not.toContain("hello");
  });

  test("check survives tasks that end, block or break their process", async () => {
    using folder = new Folder();
    folder.write("cloudcode.json", manifest({ exits: { web: true }, odd: { web: true } }));
    folder.write("exits.ts", "process.exit(0);");
    folder.write("odd.ts", "export const authenticate = ({ access } => 1;");
    const { exitCode, stdout } = await run(target, ["check", folder.path], root);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("exits.ts");
    expect(stdout).toContain("odd.ts");
  });

  test("serve and check refuse a link that leads to no file", async () => {
    using folder = new Folder();
    folder.write(
      "cloudcode.json",
      '{"app":"acme","version":"1.15","tasks":{"hello":{"web":true}}}',
    );
    folder.write("hello.ts", "export const authenticate = () => {};export const get = () => {};");
    symlinkSync("loop.ts", join(folder.path, "loop.ts"));
    const [served, checked] = await Promise.all([
      run(target, ["serve", folder.path, "--port=0", `--data=${folder.path}/.data`], root),
      run(target, ["check", folder.path], root),
    ]);
    for (const { exitCode, stdout, stderr } of [served, checked]) {
      expect(exitCode).toBe(1);
      expect(stdout + stderr).toMatch(/link "loop\.ts" leads to no file/);
    }
  });

  test.each([...badManifests])("serve and check refuse %s", async (_does, text, message) => {
    using folder = new Folder();
    folder.write("cloudcode.json", text);
    folder.write("a.ts", "export const authenticate = ({ access }) => access.authorized();");
    const data = `--data=${join(folder.path, "data")}`;
    const [served, checked] = await Promise.all([
      run(target, ["serve", folder.path, "--port=0", data], root),
      run(target, ["check", folder.path], root),
    ]);
    expect(served.exitCode).toBe(1);
    expect(served.stderr).toMatch(message);
    expect(served.stderr).not.toMatch(/^\s+at /m);
    expect(checked.exitCode).toBe(1);
    expect(checked.stdout + checked.stderr).toMatch(message);
  });

  test.each([...misuses])("%s exits 2 and says why", async (args, message) => {
    const { exitCode, stderr } = await run(target, args.split(" "), globex);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(message) });
    expect(existsSync(join(globex, ".webtaskd"))).toBe(false);
  });

  test("a hostname is taken once", async () => {
    using folder = new Folder();
    const data = `--data=${join(folder.path, "data")}`;
    const { exitCode, stderr } = await run(
      target,
      ["serve", globex, globex, "--port=0", data],
      root,
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Cannot .*globex-testing/s);
  });

  test("a port that is taken stops the start with its number", async () => {
    using folder = new Folder();
    const taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    try {
      const data = `--data=${join(folder.path, "data")}`;
      const args = ["serve", globex, `--port=${taken.port}`, data];
      const { exitCode, stderr } = await run(target, args, root);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(String(taken.port));
    } finally {
      await taken.stop(true);
    }
  });
});
