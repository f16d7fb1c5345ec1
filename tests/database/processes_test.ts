import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deadline } from "../../runtime/base/deadline.ts";
import { createSqliteDatabase } from "../../runtime/database/sqlite/sqlite_database.ts";
import { createTempFolder } from "../temp_folder.ts";
import { writerModel } from "./writer.ts";

const root = join(import.meta.dir, "../..");
const bin = join(root, "node_modules/.bin");
const script = join(import.meta.dir, "writer.ts");
const processCount = 8;
const rowsPerProcess = 1_000;
const kills = 50;
const batchSize = 400;

const runtimes = [
  { name: "bun", command: [join(bin, "bun"), script] },
  { name: "deno", command: [join(bin, "deno"), "run", "-A", "--no-prompt", script] },
];

describe.each(runtimes)("$name: a database", ({ command }) => {
  test(
    `loses nothing when ${processCount} processes write at once, and is never busy to them`,
    async () => {
      await using folder = await createTempFolder();
      const dir = join(folder.path, "db");
      const children = Array.from(
        { length: processCount },
        () =>
          Bun.spawn([...command, dir, "rows", `${rowsPerProcess}`], {
            cwd: root,
            stdio: ["ignore", "ignore", "pipe"],
          }),
      );
      const results = await Promise.all(
        children.map(async (
          child,
        ) => [await new Response(child.stderr).text(), await child.exited]),
      );
      expect(results).toEqual(new Array(processCount).fill(["", 0]));
      expect(read(dir, 'SELECT count(*) FROM "row"')).toBe(processCount * rowsPerProcess);
      expect(read(dir, "PRAGMA integrity_check")).toBe("ok");
    },
    120_000,
  );
});

describe("a database whose process is killed", () => {
  test(`${kills} times in the middle of execute() has all of each batch or nothing`, async () => {
    await using folder = await createTempFolder();
    const dir = join(folder.path, "db");
    const [{ command }] = runtimes as [(typeof runtimes)[number]];
    for (let round = 0; round < kills; round++) {
      const child = Bun.spawn([...command, dir, "batches", `${batchSize}`], {
        cwd: root,
        stdio: ["ignore", "pipe", "inherit"],
      });
      // The first batch of a process, or a later one; and of that, every part is met.
      const begun = readUntilBegin(child.stdout, 1 + round % 3);
      await deadline(begun, 20_000, { what: "see a batch begin" });
      await new Promise((resolve) => setTimeout(resolve, (round % 25) / 2));
      child.kill("SIGKILL");
      await child.exited;
      const torn =
        `SELECT count(*) FROM (SELECT count(*) AS size FROM "row" GROUP BY batch) WHERE size <> ${batchSize}`;
      expect([round, read(dir, torn), read(dir, "PRAGMA integrity_check")]).toEqual([
        round,
        0,
        "ok",
      ]);
    }
    // Two of three have written a batch before the one in which they were killed.
    const { database } = createSqliteDatabase({ dir, dataModel: writerModel, isMade: false });
    expect(await database.collection("row").all().count()).toBeGreaterThanOrEqual(
      kills / 2 * batchSize,
    );
    await database[Symbol.asyncDispose]();
  }, 180_000);
});

/** Reads until a process has said so many times that a batch begins. */
async function readUntilBegin(stream: ReadableStream<Uint8Array>, times: number): Promise<void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (text.split("begin").length - 1 < times) {
    const { done, value } = await reader.read();
    if (done) throw new Error("Cannot see a batch begin: the process has ended");
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
}

function read(dir: string, sql: string): unknown {
  const database = new DatabaseSync(join(dir, "database.sqlite"));
  try {
    return Object.values(database.prepare(sql).get() ?? {})[0];
  } finally {
    database.close();
  }
}
