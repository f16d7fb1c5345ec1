import { expect, test } from "bun:test";
import { builtInTaskSettings, toTaskSettings } from "../../runtime/base/task_settings.ts";

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
