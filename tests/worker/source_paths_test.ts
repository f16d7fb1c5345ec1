import { describe, expect, test } from "bun:test";
import type { Failure, TaskShape } from "../../runtime/protocol/call.ts";
import { SourcePaths } from "../../runtime/worker/source_paths.ts";

const readText = () => undefined;
const boot = { dir: "/data dir/releases/acme/1f", sourceDir: "./tasks" };
const paths = new SourcePaths(boot, {
  cwd: "/mnt/data dir/releases/acme/1f",
  maps: undefined,
  readText,
});

function failureOf(message: string, stack?: string): Failure {
  return { code: "load_failed", message, stack, publicMessage: undefined };
}

describe("SourcePaths.map()", () => {
  test.each([
    ["/data dir/releases/acme/1f/a.ts:1:2", "./tasks/a.ts:1:2"],
    ["file:///data dir/releases/acme/1f/a.ts:1:2", "./tasks/a.ts:1:2"],
    ["file:///data%20dir/releases/acme/1f/a.ts:1:2", "./tasks/a.ts:1:2"],
    ["/mnt/data dir/releases/acme/1f/lib/b.ts", "./tasks/lib/b.ts"],
    ["/data dir/releases/acme/1f2/a.ts", "/data dir/releases/acme/1f2/a.ts"],
    ["/elsewhere/a.ts", "/elsewhere/a.ts"],
  ])("writes %s as %s", (place, mapped) => {
    const failure = failureOf(`Cannot load "${place}"`, `Error: no\n    at get (${place})`);
    expect(paths.map(failure)).toEqual(
      failureOf(`Cannot load "${mapped}"`, `Error: no\n    at get (${mapped})`),
    );
  });

  test("leaves a failure without a stack without one", () => {
    expect(paths.map(failureOf("no")).stack).toBeUndefined();
  });
});

test("SourcePaths.mapShape() maps the failure of a broken task", () => {
  const loaded: TaskShape = { kind: "loaded", methods: ["GET"], hasAuthenticate: true };
  const broken = (place: string): TaskShape => ({ kind: "broken", failure: failureOf(place) });
  expect(paths.mapShape(loaded)).toEqual(loaded);
  expect(paths.mapShape(broken(`${boot.dir}/b.ts`))).toEqual(broken("./tasks/b.ts"));
});
