import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadTask, shapeOf, toTaskModule } from "../../runtime/task/load.ts";

const noop = () => {};

function shapeOfExports(exports: Record<string, unknown>) {
  return shapeOf(toTaskModule(exports, "/app/hello.ts"));
}

function reasonOf(shape: ReturnType<typeof shapeOf>): string {
  return shape.kind === "broken" ? `${shape.failure.code}: ${shape.failure.message}` : "loaded";
}

describe("shapeOf()", () => {
  test("lists the methods with a handler and whether there is authenticate", () => {
    expect(shapeOfExports({ options: noop, get: noop, run: noop, authenticate: noop })).toEqual({
      kind: "loaded",
      methods: ["GET", "OPTIONS"],
      hasAuthenticate: true,
    });
    expect(shapeOfExports({ head: noop, patch: noop, put: noop, post: noop })).toEqual({
      kind: "loaded",
      methods: ["POST", "PUT", "PATCH", "HEAD"],
      hasAuthenticate: false,
    });
  });

  test("takes del for delete, and delete before del", () => {
    expect(shapeOfExports({ del: noop })).toMatchObject({ methods: ["DELETE"] });
    const module = toTaskModule({ del: () => "del", delete: noop }, "/app/hello.ts");
    expect(module.kind === "loaded" && module.handlers.get("DELETE")).toBe(noop);
  });

  test("ignores other exports", () => {
    expect(shapeOfExports({ get: noop, run: 5, default: {}, helper: "x" })).toMatchObject({
      methods: ["GET"],
    });
  });

  test.each(["get", "del", "authenticate"])("is broken when %s is no function", (name) => {
    expect(reasonOf(shapeOfExports({ post: noop, [name]: {} }))).toBe(
      `load_failed: Cannot load task file "/app/hello.ts": export "${name}" must be a function: got object`,
    );
  });

  test("has no methods when HTTP can run nothing of it", () => {
    const shape = shapeOfExports({ authenticate: noop, run: noop });
    expect(shape).toEqual({ kind: "loaded", methods: [], hasAuthenticate: true });
  });
});

describe("loadTask()", () => {
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "load_test-"));
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function load(path: string, source: string) {
    const file = join(folder, path);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, source);
    return loadTask(file);
  }

  test("imports a file, whatever its path", async () => {
    const module = await load("a #b 100%20/é.ts", "export const get: () => number = () => 5;");
    expect(shapeOf(module)).toMatchObject({ kind: "loaded", methods: ["GET"] });
  });

  test("fails with the error of a module that throws", async () => {
    const module = await load("throws.ts", 'throw new RangeError("at the top");');
    expect(reasonOf(shapeOf(module))).toBe(
      `load_failed: Cannot load task file "${folder}/throws.ts": RangeError: at the top`,
    );
    expect(module.kind === "broken" && module.failure.stack).toContain("throws.ts:1");
  });

  test("fails with the place of a syntax error", async () => {
    const module = await load(
      "syntax.ts",
      "export const a = 1;\nexport function get( { return 1 }",
    );
    expect(reasonOf(shapeOf(module))).toContain("syntax.ts");
    expect(module.kind === "broken" && module.failure.stack).toContain("syntax.ts:2:");
  });

  test("fails with the name of a missing import", async () => {
    const module = await load("missing.ts", 'import x from "./nowhere"; export const get = x;');
    expect(reasonOf(shapeOf(module))).toContain("./nowhere");
  });

  test("fails for a file that does not exist", async () => {
    const module = await loadTask(join(folder, "absent.ts"));
    expect(reasonOf(shapeOf(module))).toContain("absent.ts");
  });
});
