import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { BootMessage } from "../../runtime/protocol/messages.ts";
import { TaskModules } from "../../runtime/worker/task_modules.ts";
import { createTempFolder } from "../temp_folder.ts";

const good = "export const authenticate = ({ access }) => access.authorized();\n" +
  "export const get = () => 1;";

/** The modules of an app with these files, each a task. */
async function createModules(files: Readonly<Record<string, string>>) {
  const folder = await createTempFolder(files);
  const tasks = Object.keys(files).map((file) => [file.replace(/\.ts$|\/index\.ts$/, ""), file]);
  const boot: BootMessage = {
    socket: "",
    token: "",
    dir: folder.path,
    sourceDir: folder.path,
    tasks: Object.fromEntries(tasks),
    deployment: { hostname: "acme", environment: "testing", app: "acme" },
  };
  return {
    folder,
    modules: new TaskModules(boot),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe("TaskModules.load()", () => {
  test("loads a task from its file, once, and keeps it", async () => {
    await using app = await createModules({ "hello.ts": good, "report/index.ts": good });
    const { modules } = app;
    expect(modules.loaded("hello")).toBeUndefined();
    const [first, second] = await Promise.all([modules.load("hello"), modules.load("hello")]);
    expect(first).toMatchObject({ kind: "loaded" });
    expect([second === first, modules.loaded("hello") === first]).toEqual([true, true]);
    expect(await modules.load("hello") === first).toBe(true);
    expect(modules.loaded("report")).toBeUndefined();
    expect(await modules.load("report")).toMatchObject({ kind: "loaded" });
  });

  test.each([
    ["that throws", "throw new RangeError('at the top');", "RangeError: at the top"],
    ["that does not parse", "export function get( {", "hello.ts"],
  ])("gives a module %s as broken, and again", async (_what, source, reason) => {
    await using app = await createModules({ "hello.ts": source });
    const module = await app.modules.load("hello");
    expect(module).toMatchObject({ kind: "broken", failure: { code: "load_failed" } });
    expect(JSON.stringify(module)).toContain(reason);
    expect(await app.modules.load("hello") === module).toBe(true);
  });

  test("gives a task that the release does not have as broken", async () => {
    await using app = await createModules({ "hello.ts": good });
    for (const name of ["other", "__proto__", "constructor", "../hello"]) {
      expect(await app.modules.load(name)).toMatchObject({ kind: "broken" });
    }
  });
});

describe("TaskModules.describe()", () => {
  test("tells what each task exports, and which it is about to load", async () => {
    await using app = await createModules({
      "broken.ts": "throw 1;",
      "hello.ts": good,
      "open.ts": "export const post = () => 1;",
    });
    const loading: string[] = [];
    const shapes = await app.modules.describe((task) => void loading.push(task));
    expect(loading).toEqual(["broken", "hello", "open"]);
    expect([...shapes]).toEqual([
      ["broken", { kind: "broken", failure: expect.objectContaining({ code: "load_failed" }) }],
      ["hello", { kind: "loaded", methods: ["GET"], hasAuthenticate: true }],
      ["open", { kind: "loaded", methods: ["POST"], hasAuthenticate: false }],
    ]);
    expect(app.modules.loaded("hello")).toBeDefined();
  });

  test("loads one task after the other", async () => {
    const mark = (name: string) => `(globalThis.loadOrder ??= []).push("${name}");\n${good}`;
    await using app = await createModules({
      "a.ts": `${mark("a starts")}\nawait new Promise(setImmediate);\n` +
        'globalThis.loadOrder.push("a ends");',
      "b.ts": mark("b"),
    });
    await app.modules.describe(() => {});
    expect(Reflect.get(globalThis, "loadOrder")).toEqual(["a starts", "a ends", "b"]);
    Reflect.deleteProperty(globalThis, "loadOrder");
  });

  test("names the file of a task by its path in the release", async () => {
    await using app = await createModules({ "hello.ts": "throw new Error('no');" });
    const module = await app.modules.load("hello");
    expect(JSON.stringify(module)).toContain(join(app.folder.path, "hello.ts"));
  });
});
