import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { TaskShape } from "../../runtime/protocol/call.ts";
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
    gatewayPid: 1,
    socket: "",
    token: "",
    dir: folder.path,
    sourceDir: folder.path,
    markFile: "",
    processConcurrency: 1,
    tasks: Object.fromEntries(tasks),
    deployment: { hostname: "acme", environment: "testing", app: "acme" },
  };
  /** What it tells, in order. */
  const events: string[] = [];
  const shapes = new Map<string, TaskShape>();
  const modules = new TaskModules(boot, {
    onLoading: (task) => void events.push(`${task} begins`),
    onLoaded(task, shape) {
      events.push(`${task} ends`);
      shapes.set(task, shape);
    },
  });
  return {
    folder,
    modules,
    events,
    shapes,
    tasks: Object.keys(boot.tasks),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** What a top level may wait for before the next task is loaded. */
const patienceMs = 250;

/** A task whose top level waits for the gate of `openGate`, and one that does not. */
const slowAndQuick = {
  "slow.ts": `globalThis.gate.reach();\nawait globalThis.gate.promise;\n${good}`,
  "quick.ts": good,
};

/** A gate that a top level reaches and waits at; `remove` takes it away. */
function openGate() {
  const { promise, resolve: open } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  Reflect.set(globalThis, "gate", { promise, reach });
  return { open, reached, remove: () => Reflect.deleteProperty(globalThis, "gate") };
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
    expect(app.events).toEqual(["hello begins", "hello ends", "report begins", "report ends"]);
  });

  test("tells that a top level is about to run before it runs", async () => {
    const source = "globalThis.toldBefore = globalThis.toldSoFar?.join();\n" + good;
    await using app = await createModules({ "hello.ts": source });
    Reflect.set(globalThis, "toldSoFar", app.events);
    await app.modules.load("hello");
    expect(Reflect.get(globalThis, "toldBefore")).toBe("hello begins");
    Reflect.deleteProperty(globalThis, "toldSoFar");
    Reflect.deleteProperty(globalThis, "toldBefore");
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

describe("TaskModules.loadAll()", () => {
  test("tells what each task exports, in the order given", async () => {
    await using app = await createModules({
      "broken.ts": "throw 1;",
      "hello.ts": good,
      "open.ts": "export const post = () => 1;",
    });
    await app.modules.loadAll(["open", "broken", "hello"], { isCareful: false });
    expect(app.events.filter((event) => event.endsWith("begins")))
      .toEqual(["open begins", "broken begins", "hello begins"]);
    expect(app.shapes).toEqual(
      new Map<string, TaskShape>([
        ["open", { kind: "loaded", methods: ["POST"], hasAuthenticate: false }],
        ["broken", {
          kind: "broken",
          failure: expect.objectContaining({ code: "load_failed" }),
        }],
        ["hello", { kind: "loaded", methods: ["GET"], hasAuthenticate: true }],
      ]),
    );
    expect(app.modules.loaded("hello")).toBeDefined();
  });

  test("loads one task after the other, as long as none waits for long", async () => {
    await using app = await createModules({
      "a.ts": `await new Promise(setImmediate);\n${good}`,
      "b.ts": good,
    });
    await app.modules.loadAll(app.tasks, { isCareful: false });
    expect(app.events).toEqual(["a begins", "a ends", "b begins", "b ends"]);
  });

  test("is not held up by a top level that waits, and waits for it in the end", async () => {
    await using app = await createModules(slowAndQuick);
    const gate = openGate();
    let isDone = false;
    const done = app.modules.loadAll(app.tasks, { isCareful: false }).then(() => isDone = true);
    while (!app.events.includes("quick ends")) await new Promise(setImmediate);
    expect([app.events, isDone]).toEqual([
      ["slow begins", "quick begins", "quick ends"],
      false,
    ]);
    gate.open();
    await done;
    expect(app.events.at(-1)).toBe("slow ends");
    gate.remove();
  });

  test("has nothing but one top level run where it is to be careful", async () => {
    await using app = await createModules(slowAndQuick);
    const gate = openGate();
    const done = app.modules.loadAll(app.tasks, { isCareful: true });
    await gate.reached;
    await new Promise((resolve) => setTimeout(resolve, patienceMs * 2));
    expect(app.events).toEqual(["slow begins"]);
    gate.open();
    await done;
    expect(app.events).toEqual(["slow begins", "slow ends", "quick begins", "quick ends"]);
    gate.remove();
  });

  test("loads no task again that has been loaded, or is being loaded", async () => {
    await using app = await createModules({ "a.ts": good, "b.ts": good });
    const first = app.modules.load("b");
    await app.modules.loadAll(["a", "b"], { isCareful: true });
    await first;
    await app.modules.loadAll(["a", "b"], { isCareful: false });
    const begun = app.events.filter((event) => event.endsWith("begins"));
    expect(begun).toEqual(["b begins", "a begins"]);
  });

  test("names the file of a task by its path in the release", async () => {
    await using app = await createModules({ "hello.ts": "throw new Error('no');" });
    const module = await app.modules.load("hello");
    expect(JSON.stringify(module)).toContain(join(app.folder.path, "hello.ts"));
  });
});
