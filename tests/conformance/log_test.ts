import { describe, expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { createTempFolder } from "../temp_folder.ts";
import { expectAnswer } from "./cases.ts";
import { startServer, type TestServer } from "./server.ts";
import { targets } from "./targets.ts";
import { until } from "./wait.ts";

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
/** Each is two lines of some hundred bytes: more than a pipe (64 KiB) and the waiting lines hold. */
const requestCount = 3_000;
const batch = 50;

/** The two ends of a pipe that a server gets as its standard error. */
async function createPipe() {
  const folder = await createTempFolder();
  const path = join(folder.path, "log");
  Bun.spawnSync(["mkfifo", path]);
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  // The child inherits it as it is: like a shell's pipe, it must block.
  const writer = openSync(path, O_WRONLY);
  return {
    writer,
    read: () => readAvailable(reader),
    closeReader: () => closeSync(reader),
    async [Symbol.asyncDispose]() {
      closeSync(writer);
      await folder[Symbol.asyncDispose]();
    },
  };
}

function readAvailable(reader: number): string {
  const bytes = Buffer.alloc(1024 * 1024);
  try {
    return bytes.toString("utf8", 0, readSync(reader, bytes));
  } catch (error) {
    if (Object(error).code === "EAGAIN") return "";
    throw error;
  }
}

async function request(server: TestServer, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += batch) {
    const answers = await Promise.all(
      Array.from({ length: batch }, () => server.fetch("/hello")),
    );
    for (const answer of answers) expectAnswer(answer, { status: 200 });
  }
}

describe.each([...targets])("$name: the log", (target) => {
  test("is JSON where nobody sits before it, without a line per request", async () => {
    const server = await startServer(target, { log: "default" });
    try {
      expectAnswer(await server.fetch("/hello"), { status: 200 });
      expectAnswer(await server.fetch("/failing?how=throws"), { status: 500 });
      await server.untilOutput(/"event":"invocation"/);
      // A process that looks into all tasks finds it, in its own time.
      await server.untilOutput(/"event":"task\.broken"/);
      const lines = server.output.split("\n").filter((line) => line.startsWith("{"));
      const events = lines.map((line) => JSON.parse(line));
      expect(events.filter(({ event }) => event === "invocation")).toMatchObject([
        { state: "FAILED", task: "failing" },
      ]);
      expect(events.filter(({ event }) => event === "request")).toEqual([]);
    } finally {
      await server.stop();
    }
  });

  test("that nobody reads holds up no request, and tells what it dropped", async () => {
    await using pipe = await createPipe();
    const server = await startServer(target, { flags: ["--log=json"], stderr: pipe.writer });
    try {
      await request(server, requestCount);
      let log = "";
      await until("what was dropped", () => (log += pipe.read()).includes('"log.dropped"'));
      const lines = log.split("\n").filter((line) => line.includes('"log.dropped"'));
      expect(JSON.parse(lines[0] ?? "").lines).toBeGreaterThan(100);
    } finally {
      await server.stop();
      pipe.closeReader();
    }
  });

  test("whose reader stalls does not hold up the end", async () => {
    await using pipe = await createPipe();
    const server = await startServer(target, { flags: ["--log=json"], stderr: pipe.writer });
    try {
      await request(server, 200);
      server.signal("SIGTERM");
      expect(await server.exited).toBe(0);
    } finally {
      await server.stop();
      pipe.closeReader();
    }
  });

  test("whose reader has gone harms nothing", async () => {
    await using pipe = await createPipe();
    const server = await startServer(target, { flags: ["--log=json"], stderr: pipe.writer });
    try {
      pipe.closeReader();
      await request(server, batch);
      server.signal("SIGHUP");
      await request(server, batch);
      server.signal("SIGTERM");
      expect(await server.exited).toBe(0);
    } finally {
      await server.stop();
    }
  });
});
