import { configureSync, getLogger, type LogRecord, resetSync } from "@logtape/logtape";
import { describe, expect, test } from "bun:test";
import { createLog, type LogOptions } from "../../runtime/store/log.ts";

function createLogging(options: Partial<LogOptions> = {}) {
  let written = "";
  const output = { write: (lines: string) => void (written += lines) };
  const log = createLog(output, { format: "text", level: "debug", ...options });
  return { log, stderr: () => written };
}

describe("createLog()", () => {
  test("writes a line with time, level, event and fields", () => {
    const { log, stderr } = createLogging();
    log.warn("worker.restarted", {
      pid: 7,
      reason: "out of memory",
      trace: "a-1",
      left: undefined,
    });
    expect(stderr()).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z WRN worker\.restarted pid=7 reason="out of memory" trace=a-1\n$/,
    );
  });

  test("writes texts of several lines below, and no line of spaces after them", () => {
    const { log, stderr } = createLogging();
    log.error("task.broken", { stack: "Error: no\n    at a.ts:1\n", more: "a\nb", pid: 7 });
    expect(stderr()).toEndWith(
      "task.broken pid=7 stack=\n  Error: no\n      at a.ts:1\n more=\n  a\n  b\n",
    );
  });

  test("writes a message once that reason and stack both have", () => {
    const { log, stderr } = createLogging();
    log.error("task.broken", {
      reason: "Cannot load: Error: no",
      stack: "Error: no\n    at a.ts:1",
    });
    expect(stderr()).toEndWith('reason="Cannot load: Error: no" stack=\n      at a.ts:1\n');
    log.error("task.broken", { reason: "Cannot load: Error: no", stack: "Error: no" });
    expect(stderr()).toEndWith('task.broken reason="Cannot load: Error: no"\n');
    log.error("task.broken", {
      reason: "Cannot load: Error: no",
      stack: "Other: no\n    at a.ts:1",
    });
    expect(stderr()).toEndWith("stack=\n  Other: no\n      at a.ts:1\n");
  });

  test("writes fields with braces as they are", () => {
    const { log, stderr } = createLogging();
    log.info("a.b", { reason: "{pid} {x}", pid: 7 });
    expect(stderr()).toEndWith('a.b reason="{pid} {x}" pid=7\n');
  });

  test("writes an object a line as JSON", () => {
    const { log, stderr } = createLogging({ format: "json" });
    log.info("release.activated", { deployment: "acme", stack: "two\nlines" });
    log.error("release.refused");
    const [first, second] = stderr().trimEnd().split("\n").map((line) => JSON.parse(line));
    expect(first).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: "info",
      event: "release.activated",
      deployment: "acme",
      stack: "two\nlines",
    });
    expect(second).toMatchObject({ level: "error", event: "release.refused" });
  });

  test.each(
    [
      ["debug", ["d", "i", "w", "e"]],
      ["info", ["i", "w", "e"]],
      ["warn", ["w", "e"]],
      ["error", ["e"]],
    ] as const,
  )("at level %s leaves out what is below", (level, events) => {
    const { log, stderr } = createLogging({ level });
    log.debug("d");
    log.info("i");
    log.warn("w");
    log.error("e");
    expect(stderr().trimEnd().split("\n").map((line) => line.split(" ")[2] ?? "")).toEqual([
      ...events,
    ]);
  });

  test.each(["one \x1b[2J", "two\nlines \x1b[2J \x9b \x07\r"])(
    "lets no control character of a value through: %j",
    (reason) => {
      const { log, stderr } = createLogging();
      log.warn("invocation.ended", { reason });
      // deno-lint-ignore no-control-regex
      expect(stderr()).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    },
  );

  test("writes where it was made for, whatever log is made later", () => {
    const first = createLogging();
    const second = createLogging({ level: "error" });
    first.log.info("event");
    expect([first.stderr(), second.stderr()]).toEqual([expect.stringContaining("event"), ""]);
  });

  test("leaves the set-up alone that an embedding program has of the library", () => {
    const records: LogRecord[] = [];
    configureSync({
      sinks: { list: (record) => void records.push(record) },
      loggers: [
        { category: ["program"], lowestLevel: "info", sinks: ["list"] },
        { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["list"] },
      ],
    });
    try {
      createLogging().log.info("event");
      getLogger(["program"]).info("theirs");
      expect(records.map(({ rawMessage }) => rawMessage)).toContain("theirs");
    } finally {
      resetSync();
    }
  });
});
