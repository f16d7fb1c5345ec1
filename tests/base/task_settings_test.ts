import { expect, test } from "bun:test";
import {
  builtInTaskSettings,
  mostBodyBytes,
  parseMaxBody,
  toTaskSettings,
} from "../../runtime/base/task_settings.ts";
import { maxFrameBytes } from "../../runtime/protocol/frames.ts";

/** For the URL and the headers of a call. */
const headBytes = 2 ** 20;

test("toTaskSettings() fills what nobody gives with the built-in settings", () => {
  expect(toTaskSettings({})).toEqual(builtInTaskSettings);
});

test("toTaskSettings() lets overrides win over the manifest", () => {
  const settings = toTaskSettings({ timeoutMs: 1000, attempts: 1 }, { timeoutMs: 2000 });
  expect(settings).toEqual({ ...builtInTaskSettings, timeoutMs: 2000, attempts: 1 });
});

test.each([
  [{ timeoutMs: 5000 }, { deadlineMs: 1000 }, "lower timeout or raise deadline"],
  [{ timeoutMs: 5000, maxDurationMs: 1000 }, {}, "lower timeout or raise maxDuration"],
])("toTaskSettings() refuses %p with %p", (given, overrides, fix) => {
  expect(() => toTaskSettings(given, overrides)).toThrow(fix);
});

test("parseMaxBody() takes what fits into a frame with its head, and no more", () => {
  expect(parseMaxBody("60MiB")).toEqual({ kind: "good", value: mostBodyBytes });
  expect(mostBodyBytes + headBytes).toBeLessThan(maxFrameBytes);
  for (const text of ["61MiB", "1GiB", "62914561B"]) {
    expect(parseMaxBody(text)).toEqual({ kind: "bad", fix: "give a size of at most 60MiB" });
  }
  expect(parseMaxBody("5")).toMatchObject({ fix: expect.stringContaining("with a unit") });
});
