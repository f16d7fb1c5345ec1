import { expect, test } from "bun:test";
import fc from "fast-check";
import { join } from "node:path";
import { RuntimeError } from "../../runtime/base/errors.ts";
import { formatProblem } from "../../runtime/manifest/problems.ts";
import { inspectManifest, readManifest } from "../../runtime/manifest/read.ts";
import { createTempFolder } from "../temp_folder.ts";

const head = { app: "acme", version: "1.15" };

/** Reads a manifest with the files of its tasks; returns its problems without the folder. */
async function problemsOf(manifest: unknown, files: readonly string[] = ["a.ts"]) {
  const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  const empty = Object.fromEntries(files.map((file) => [file, ""]));
  await using folder = await createTempFolder({ "cloudcode.json": text, ...empty });
  const result = await inspectManifest(folder.path);
  if (result.kind === "read") return [];
  return result.problems.map((problem) => formatProblem(problem).replace(`${folder.path}/`, ""));
}

test("readManifest() merges defaults under each entry", async () => {
  await using folder = await createTempFolder({
    "cloudcode.json": JSON.stringify({
      ...head,
      $schema: "./cloudcode.schema.json",
      defaults: { timeout: "20s", attempts: 2 },
      tasks: {
        hello: { web: true, attempts: 1, maxBody: "1KiB" },
        nightly: { web: false },
        constructor: { web: true },
      },
    }),
    "hello.ts": "",
    "nightly/index.mjs": "",
    "constructor.js": "",
  });
  expect(await readManifest(folder.path)).toEqual({
    file: join(folder.path, "cloudcode.json"),
    app: "acme",
    version: "1.15",
    tasks: [
      {
        name: "hello",
        file: "hello.ts",
        isWeb: true,
        given: { timeoutMs: 20_000, attempts: 1, maxBodyBytes: 1024 },
      },
      {
        name: "nightly",
        file: "nightly/index.mjs",
        isWeb: false,
        given: { timeoutMs: 20_000, attempts: 2 },
      },
      {
        name: "constructor",
        file: "constructor.js",
        isWeb: true,
        given: { timeoutMs: 20_000, attempts: 2 },
      },
    ],
  });
});

test("readManifest() reads every part of capture, and takes one of defaults back", async () => {
  const capture = {
    headers: ["Content-Type"],
    body: true,
    maxBody: "1KiB",
    redact: ["$.card.number", "items[*].code", '$["a b"]'],
  };
  const tasks = { a: { capture }, b: {}, c: { capture: {} } };
  await using folder = await createTempFolder({
    "cloudcode.json": JSON.stringify({ ...head, defaults: { capture: { headers: true } }, tasks }),
    ...{ "a.ts": "", "b.ts": "", "c.ts": "" },
  });
  const manifest = await readManifest(folder.path);
  expect(manifest.tasks.map(({ given }) => given.capture)).toEqual([
    {
      ...{ headers: ["content-type"], hasBody: true, maxBodyBytes: 1024 },
      redact: [
        { text: "$.card.number", steps: ["card", "number"] },
        { text: "items[*].code", steps: ["items", "*", "code"] },
        { text: '$["a b"]', steps: ["a b"] },
      ],
    },
    { headers: true, hasBody: false, maxBodyBytes: 65_536, redact: [] },
    undefined,
  ]);
});

test("readManifest() reads every part of cors", async () => {
  const cors = {
    origin: ["https://x.example", "http://localhost:3000"],
    methods: ["GET"],
    headers: ["X-One"],
    exposeHeaders: ["X-Two"],
    credentials: true,
    maxAge: "10m",
  };
  await using folder = await createTempFolder({
    "cloudcode.json": `\ufeff${JSON.stringify({ ...head, tasks: { a: { cors } } })}`,
    "a.ts": "",
  });
  expect((await readManifest(folder.path)).tasks[0]?.given.cors).toEqual({
    origins: ["https://x.example", "http://localhost:3000"],
    methods: ["GET"],
    headers: ["x-one"],
    exposeHeaders: ["x-two"],
    hasCredentials: true,
    maxAgeSeconds: 600,
  });
});

test.each<[string, unknown, string]>([
  ["a missing app", { version: "1.15", tasks: {} }, 'app: add "app": "my-app"'],
  ["no tasks", head, 'tasks: add "tasks": {}'],
  ["a list", [], "[]: give an object"],
  ["a bad app", { ...head, app: "My App", tasks: {} }, 'app: "My App": use a-z, 0-9 and "-"'],
  ["a long app", { ...head, app: "a".repeat(56), tasks: {} }, "give at most 55 characters: got 56"],
  ["an old version", { ...head, version: "1.0.9", tasks: {} }, "version 1.1.0 or later"],
  [
    "a version as a number",
    { ...head, version: 1.15, tasks: {} },
    "version: 1.15: give the version",
  ],
  ["an unknown key", { ...head, task: {}, tasks: {} }, 'no such key, did you mean "tasks"?'],
  ["a bad name", { ...head, tasks: { "9a": {} } }, 'tasks["9a"]: name it with letters'],
  ["__proto__", `{"app":"a","version":"1.1","tasks":{"__proto__":{}}}`, "tasks.__proto__: name it"],
  ["a key twice", `{"app":"a","version":"1.1","tasks":{"a":{},"a":{}}}`, "tasks.a: keep one"],
  ["an entry that is a list", { ...head, tasks: { a: [] } }, "tasks.a: []: give an object"],
  ["tasks that are a list", { ...head, tasks: [] }, "tasks: []: give an object"],
  ["defaults with a typo", { ...head, defaults: { timeot: "1s" }, tasks: {} }, "defaults.timeot"],
  [
    "defaults that are null",
    { ...head, defaults: null, tasks: {} },
    "defaults: null: give an object",
  ],
])("inspectManifest() reports %s", async (_, manifest, problem) => {
  expect((await problemsOf(manifest)).join("\n")).toContain(problem);
});

test.each<[unknown, string]>([
  [
    { timeout: "20" },
    'cloudcode.json: tasks.a.timeout: "20": give a duration with a unit, as "20s"',
  ],
  [{ web: "yes" }, 'cloudcode.json: tasks.a.web: "yes": give true or false, without quotes'],
  [{ attempts: 0 }, "cloudcode.json: tasks.a.attempts: 0: give at least 1"],
  [{ concurrency: 1.5 }, "tasks.a.concurrency: 1.5: give a whole number"],
  [{ maxBody: 5 }, "tasks.a.maxBody: 5: give a size with a unit"],
  [{ maxBody: "100MiB" }, 'tasks.a.maxBody: "100MiB": give a size of at most 60MiB'],
  [{ late: "never" }, 'tasks.a.late: "never": give "discard" or "deliver"'],
  [{ timeout: "200s" }, "tasks.a.timeout: the deadline (180s) is over before the timeout (200s)"],
  [{ capture: true }, 'give an object, as {"headers": true, "body": true}'],
  [
    { capture: { bodyy: true } },
    'capture.bodyy: true: there is no such key, did you mean "body"',
  ],
  [{ capture: { headers: false } }, "give true, or a list of header names"],
  [{ capture: { headers: ["Cookie"] } }, 'capture.headers[0]: "Cookie": it may hold a secret'],
  [{ capture: { headers: ["x-api-key"] } }, "it may hold a secret and is never stored"],
  [{ capture: { maxBody: "2MiB" } }, "give a size of at most 1MiB"],
  [{ capture: { maxBody: 5 } }, "give a size with a unit"],
  [{ capture: { redact: "$.a" } }, 'give a list of paths, as ["$.card.number"]'],
  [{ capture: { redact: ["$.a..b"] } }, 'capture.redact[0]: "$.a..b": give a path of JSON members'],
  [{ cors: {} }, 'tasks.a.cors.origin: add "origin": "*"'],
  [{ cors: { origin: "https://x.example" } }, 'give "*", or a list of origins'],
  [{ cors: { origin: ["https://x.example/"] } }, 'give the origin alone, as "https://x.example"'],
  [{ cors: { origin: ["x.example"] } }, 'give an origin, as "https://x.example"'],
  [{ cors: { origin: "*", credentials: true } }, "list the origins, or remove credentials"],
  [{ cors: { origin: "*", maxAge: "1ms" } }, 'cors.maxAge: "1ms": give whole seconds'],
  [{ cors: { origins: "*" } }, 'cors.origins: "*": there is no such key, did you mean "origin"?'],
])("inspectManifest() reports an entry %p", async (entry, problem) => {
  expect((await problemsOf({ ...head, tasks: { a: entry } })).join("\n")).toContain(problem);
});

test("inspectManifest() collects all problems at once", async () => {
  const tasks = { a: { web: 1, timeout: "1" }, b: {}, "?": {} };
  expect(await problemsOf({ app: "A", version: "x", extra: 1, tasks })).toHaveLength(7);
});

test.each<[string, readonly string[], string]>([
  ["without a file", [], "tasks.a: create a.ts, or remove the entry"],
  ["with two files", ["a.ts", "a/index.js"], "tasks.a: keep one of its files: a.ts, a/index.js"],
  ["whose file has another case", ["A.ts"], 'tasks.a: there is no a.ts, did you mean "A"?'],
])("inspectManifest() reports a task %s", async (_, files, problem) => {
  const problems = await problemsOf({ ...head, tasks: { a: {} } }, files);
  expect(problems).toEqual([`cloudcode.json: ${problem}`]);
});

test.each([
  ['{\n  "app": "a",\n}', 'cloudcode.json:3:1: remove the "," before this "}"'],
  ["{ 'app': 1 }", "cloudcode.json:1:3: put a key in double quotes here"],
  ['{ "a": 1 "b": 2 }', 'cloudcode.json:1:10: put "," or "}" here'],
  ["{ // note\n}", "cloudcode.json:1:3: put a key in double quotes here"],
  ['{ "a": tru }', "cloudcode.json:1:8: put a JSON value here"],
  ['{ "a": 1', 'cloudcode.json:1:9: the text ends too early: close the object with "}"'],
  ["", "cloudcode.json:1:1: the text ends too early: put a value here"],
  ["{} {}", "cloudcode.json:1:4: remove what follows the value"],
  ["[".repeat(10_000), "cloudcode.json:1:102: nest at most 100 levels"],
])("inspectManifest() says where %p is not JSON", async (text, problem) => {
  expect(await problemsOf(text)).toEqual([problem]);
});

test("readManifest() says how to make a manifest where there is none", async () => {
  await using folder = await createTempFolder();
  const reading = readManifest(folder.path);
  await expect(reading).rejects.toThrow(`make one with "webtaskd new hello ${folder.path}"`);
  await expect(reading).rejects.toMatchObject({ code: "bad_manifest" });
});

test("readManifest() throws bad_manifest, and nothing else, whatever the file holds", async () => {
  await using folder = await createTempFolder({ "a.ts": "" });
  const keys = fc.constantFrom("app", "version", "tasks", "defaults", "a", "cors", "timeout");
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue(),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(keys, tie("tree")),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(tree.map((v) => JSON.stringify(v)), fc.string()), async (text) => {
      await folder.write({ "cloudcode.json": text });
      const error = await readManifest(folder.path).then(() => undefined, (thrown) => thrown);
      expect(error === undefined || error instanceof RuntimeError && error.code === "bad_manifest")
        .toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("inspectManifest() says so when it is given a file", async () => {
  await using folder = await createTempFolder({ "hello.ts": "" });
  const file = join(folder.path, "hello.ts");
  const result = await inspectManifest(file);
  expect(result.kind === "refused" ? result.problems.map(formatProblem) : []).toEqual([
    `${join(file, "cloudcode.json")}: give the app's folder: "${file}" is a file`,
  ]);
});

test("inspectManifest() blames defaults, once, where no task has a part in a contradiction", async () => {
  const tasks = { a: { web: true }, b: {}, c: { deadline: "100s" } };
  const problems = await problemsOf({ ...head, defaults: { timeout: "200s" }, tasks }, [
    "a.ts",
    "b.ts",
    "c.ts",
  ]);
  expect(problems).toEqual([
    "cloudcode.json: defaults.timeout: the deadline (180s) is over before the timeout (200s): " +
    "lower timeout or raise deadline",
    "cloudcode.json: tasks.c.timeout: the deadline (100s) is over before the timeout (200s): " +
    "lower timeout or raise deadline",
  ]);
});
