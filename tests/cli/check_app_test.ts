import { expect, test } from "bun:test";
import { RuntimeError } from "../../runtime/base/errors.ts";
import { checkApp, type Inspect, type LoadedTask } from "../../runtime/cli/check_app.ts";
import { hasProblems, toJsonReport, toTextReport } from "../../runtime/cli/check_report.ts";
import { createTempFolder } from "../temp_folder.ts";

const sound: LoadedTask = { kind: "loaded", methods: ["GET"], hasAuthenticate: true };

/** Creates an app of web tasks `a` and `b`, and a task `c` without a web trigger. */
function createApp() {
  const tasks = { a: { web: true, timeout: "20s" }, b: { web: true }, c: {} };
  return createTempFolder({
    "cloudcode.json": JSON.stringify({ app: "acme", version: "1.15", tasks }),
    "a.ts": 'import data from "./data.json";',
    "b.ts": "",
    "c.ts": "",
    "data.json": "{}",
  });
}

const inspect = (shapes: Readonly<Record<string, LoadedTask>>): Inspect => () =>
  Promise.resolve(new Map(Object.entries(shapes)));

test("checkApp() reports tasks, settings and warnings of a sound app", async () => {
  await using folder = await createApp();
  const bare: LoadedTask = { kind: "loaded", methods: [], hasAuthenticate: false };
  const report = await checkApp(folder.path, inspect({ a: sound, b: sound, c: bare }));
  expect(report).toMatchObject({ app: "acme", version: "1.15", problems: [] });
  expect(report.tasks[0]).toEqual({
    name: "a",
    file: "a.ts",
    web: true,
    methods: ["GET"],
    authenticate: true,
    settings: { timeout: "20s" },
  });
  expect(report.warnings).toHaveLength(1);
  expect(hasProblems([report])).toBe(false);
  expect(JSON.parse(toJsonReport([report]))).toMatchObject({ ok: true, apps: [{ app: "acme" }] });
  expect(toTextReport([report])).toMatch(/a +yes +GET +yes +timeout=20s\n/);
  expect(toTextReport([report])).toEndWith("3 tasks, 0 problems, 1 warning");
});

test("checkApp() reports a missing authenticate, a web task without handler, a broken one", async () => {
  await using folder = await createApp();
  const { problems } = await checkApp(
    folder.path,
    inspect({
      a: { ...sound, hasAuthenticate: false },
      b: { ...sound, methods: [] },
      c: { kind: "broken", failure: { message: "Cannot load it" } },
    }),
  );
  expect(problems).toEqual([
    expect.stringContaining('a.ts: missing export "authenticate"'),
    expect.stringContaining("b.ts: no handler"),
    expect.stringContaining("c.ts: Cannot load it"),
  ]);
});

test("checkApp() loads tasks one by one when one takes the process down", async () => {
  await using folder = await createApp();
  const { problems, tasks } = await checkApp(folder.path, (_, wanted) => {
    if (wanted.some(({ name }) => name === "b")) {
      return Promise.reject(new RuntimeError("worker_failed", "Cannot load: exit code 3"));
    }
    return Promise.resolve(new Map(wanted.map(({ name }) => [name, sound])));
  });
  expect(problems).toEqual([expect.stringContaining("b.ts: Cannot load: exit code 3")]);
  expect(tasks.map(({ methods }) => methods.length)).toEqual([1, 0, 1]);
});

test("checkApp() reports a bad manifest and loads nothing", async () => {
  await using folder = await createTempFolder({ "cloudcode.json": "{" });
  const report = await checkApp(folder.path, () => Promise.reject(new Error("not called")));
  expect(report).toMatchObject({ app: null, tasks: [], problems: [expect.any(String)] });
});
