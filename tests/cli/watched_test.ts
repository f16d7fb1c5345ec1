import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { isIgnored, tellBlindSpots } from "../../runtime/cli/watched.ts";

const places = { appDirs: ["/app", "/app2/tasks"], dataDir: "/app/data" };

test.each([
  ["/app/node_modules/ms/index.js", true],
  ["/app/lib/.hidden/a.ts", true],
  ["/app/data/releases/a.ts", true],
  ["/app/data", true],
  ["/app", false],
  ["/app/hello.ts", false],
  ["/app/node_modules2/a.ts", false],
  ["/app/database/a.ts", false],
  ["/app2/tasks/hello.ts", false],
  ["/app2/tasks/node_modules/a.ts", true],
])("isIgnored() of %s is %p", (path, expected) => {
  expect(isIgnored(path, places)).toBe(expected);
});

test("isIgnored() counts folders within the app alone", () => {
  const appDirs = ["/home/.config/app"];
  expect(isIgnored("/home/.config/app/hello.ts", { appDirs, dataDir: "/data" })).toBe(false);
});

test("tellBlindSpots() says in a line what is not seen, and has no error end the process", () => {
  const watcher = new EventEmitter();
  const lines: string[] = [];
  tellBlindSpots(watcher, (line) => lines.push(line));
  watcher.emit("error", new Error("ENOSPC: no space left on device, watch '/app'"));
  expect(lines).toEqual([
    "webtaskd: Cannot see every change: ENOSPC: no space left on device, watch '/app': " +
    "send SIGHUP for those that are missed",
  ]);
});
