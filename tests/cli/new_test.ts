import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { runCli } from "../../runtime/cli/cli.ts";
import { templateAuths, templateMethods } from "../../runtime/cli/templates.ts";
import { readManifest } from "../../runtime/manifest/read.ts";
import { createTempFolder, type TempFolder } from "../temp_folder.ts";
import { createFakePlatform } from "./fake_platform.ts";

async function run(...args: readonly string[]) {
  const { platform, stdout, stderr } = createFakePlatform(args);
  return { exitCode: await runCli(platform), stdout: stdout(), stderr: stderr() };
}

test("new writes a whole app where there is none", async () => {
  await using folder = await createTempFolder();
  const appDir = join(folder.path, "Acme Shop/tasks");
  const { exitCode, stdout } = await run("new", "hello", appDir);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining("next:") });
  expect((await readdir(appDir)).toSorted()).toEqual([
    "cloudcode.d.ts",
    "cloudcode.json",
    "cloudcode.schema.json",
    "hello.ts",
    "tsconfig.json",
  ]);
  expect(await readManifest(appDir)).toMatchObject({
    app: "acme-shop",
    tasks: [{ name: "hello", file: "hello.ts", isWeb: true, given: {} }],
  });
});

test("new adds to an app, and leaves the rest of it alone", async () => {
  const manifest = '{ "app": "x", "version": "1.1",\n  "tasks": {\n    "a": {}\n  } }\n';
  await using folder = await createTempFolder({ "cloudcode.json": manifest, "a.ts": "" });
  expect((await run("new", "b", folder.path, "--method", "post")).exitCode).toBe(0);
  expect(await folder.read("cloudcode.json")).toBe(
    '{ "app": "x", "version": "1.1",\n  "tasks": {\n    "a": {},\n    "b": { "web": true }\n  } }\n',
  );
  expect(await folder.read("b.ts")).toContain("export function post(");
  expect((await readdir(folder.path)).toSorted()).toEqual(["a.ts", "b.ts", "cloudcode.json"]);
});

test.each(["a.ts", "a.mjs", "a/index.js"])("new refuses a task whose %s exists", async (file) => {
  await using folder = await createTempFolder({ [file]: "mine" });
  const { exitCode, stderr } = await run("new", "a", folder.path);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`Cannot create task "a": "${join(folder.path, file)}" exists`);
  expect(await folder.read(file)).toBe("mine");
});

test("new writes the file of an entry that has none", async () => {
  const manifest = '{"app":"x","version":"1.1","tasks":{"a":{"web":true}}}';
  await using folder = await createTempFolder({ "cloudcode.json": manifest });
  expect((await run("new", "a", folder.path)).exitCode).toBe(0);
  expect(await folder.read("cloudcode.json")).toBe(manifest);
});

test("new changes nothing when the manifest cannot take an entry", async () => {
  await using folder = await createTempFolder({ "cloudcode.json": "{ broken" });
  expect((await run("new", "a", folder.path)).exitCode).toBe(1);
  expect(await readdir(folder.path)).toEqual(["cloudcode.json"]);
});

test("types is idempotent, and refuses a folder that is no app", async () => {
  await using folder = await createTempFolder({ "cloudcode.json": "{}" });
  expect((await run("types", folder.path)).stdout).toContain("wrote ");
  const text = await folder.read("cloudcode.d.ts");
  expect((await run("types", folder.path)).stdout).toContain("is up to date");
  expect(await folder.read("cloudcode.d.ts")).toBe(text);
  const elsewhere = await run("types", join(folder.path, "none"));
  expect(elsewhere).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("webtaskd new") });
});

test("what new and types write compiles", async () => {
  await using folder = await createTempFolder();
  for (const method of templateMethods) {
    for (const auth of templateAuths) {
      const args = ["new", `${method}-${auth}`, folder.path, "--method", method, "--auth", auth];
      expect((await run(...args)).exitCode).toBe(0);
    }
  }
  await folder.write({
    "by_hand.ts": `import { TaskContext } from '@journeyapps/cloudcode';
      export async function authenticate(this: TaskContext, { access }: TaskContext) {
        return access.authorized(this.invocation.traceId);
      }`,
  });
  expect(await compile(folder)).toEqual({ exitCode: 0, output: "" });
}, 60_000);

async function compile(folder: TempFolder) {
  const compiler = new URL("../../node_modules/.bin/tsc", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, compiler, "-p", folder.path, "--types", ""], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = await new Response(child.stdout).text();
  return { exitCode: await child.exited, output };
}

test("new says in a line that the manifest cannot be read", async () => {
  await using folder = await createTempFolder({ "cloudcode.json/a.ts": "" });
  const { exitCode, stderr } = await run("new", "hello", folder.path);
  expect(exitCode).toBe(1);
  expect(stderr).toStartWith(
    `webtaskd: Cannot read "${join(folder.path, "cloudcode.json")}": EISDIR: `,
  );
  expect(stderr).not.toMatch(/^ +at /m);
});
