import { describe, expect, test } from "bun:test";
import { hasFrames, trimOwnFrames } from "../../runtime/task/own_frames.ts";

const own = new URL("../../runtime/", import.meta.url).pathname;

/** Frames that say nothing to an author, as each runtime writes them. */
const foreign = [
  `    at runTask (${own}task/run.ts:37:34)`,
  `    at async loadTask (file://${own}task/load.ts:25:25)`,
  "    at #runLoaded (runtime/worker/worker.ts:115:21)",
  "    at runtime/main.ts:7:1",
  "    at run (/$bunfs/root/webtaskd:12:3)",
  "    at run (node:async_hooks:144:29)",
  "    at AsyncLocalStorage.run (ext:deno_node/async_hooks.ts:1:1762)",
  "    at processTicksAndRejections (native:7:39)",
  "    at new IllegalResponse (unknown:1:28)",
  "    at parse (unknown)",
  "    at <parse> (:0)",
  "    at JSON.parse (<anonymous>)",
  "    at async Promise.all (index 0)",
];

describe("trimOwnFrames()", () => {
  test("ends a stack with the last frame of the author", () => {
    const stack = ["Error: boom", "    at get (/app/a (b)/hello.ts:1:2)"].join("\n");
    expect(trimOwnFrames([stack, ...foreign].join("\n"))).toBe(stack);
  });

  test.each([
    "/app/runtime/a.ts:1:2",
    "/app/runtime/worker/worker.ts:1:2",
    "file:///app/a.ts:1:2",
    "/app/node_modules/x/y.js:1:2",
    "runtime/a.ts:1:2",
    "runtime/lib/a.ts:1:2",
    "webpack:///runtime/task/a.ts:1:2",
    "/app/a (runtime/task/run.ts)/a.ts:1:2",
  ])(
    "keeps %s, and what is above it",
    (place) => {
      const stack = ["Error: boom", ...foreign, `    at async ${place}`].join("\n");
      expect(trimOwnFrames(stack)).toBe(stack);
    },
  );

  test("keeps a message, of several lines too, when no frame is left", () => {
    expect(trimOwnFrames(["Error: one", "two", ...foreign].join("\n"))).toBe("Error: one\ntwo");
  });
});

test("hasFrames() tells a stack from a message", () => {
  expect([hasFrames("Error: at (x)"), hasFrames("Error: no\n    at /a.ts:1:2")]).toEqual([
    false,
    true,
  ]);
});
