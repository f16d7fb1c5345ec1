/**
 * `bun bench/database.ts` (or `deno run -A bench/database.ts`): what `DB` costs beside the bare
 * driver, as ratios within the same process and the same run. Rounds are interleaved, and the median
 * of their ratios counts, so that other work on the machine meets both sides alike.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Collection } from "../runtime/database/objects/collection.ts";
import type { DataModel } from "../runtime/database/model/data_model.ts";
import { databaseFile } from "../runtime/database/places.ts";
import {
  createSqliteDatabase,
  type SqliteDatabase,
} from "../runtime/database/sqlite/sqlite_database.ts";

const rounds = 15;
const rowCount = 100_000;
const listCount = 10_000;
const lookUps = 5_000;

const text = (name: string) => ({ name, label: name, type: "text" as const, options: [] });

const dataModel: DataModel = {
  models: [{
    name: "api_client",
    label: "API client",
    fields: [
      text("name"),
      text("token"),
      { name: "active", label: "active", type: "boolean", options: [] },
      { name: "quota", label: "quota", type: "integer", options: [] },
    ],
    belongsTo: [],
    hasMany: [],
    indexes: [{ columns: [{ column: "token", isDescending: false }] }],
    display: undefined,
  }],
};

/** Two ways to do the same, and how much slower ours may be. */
interface Contest {
  readonly title: string;
  readonly limit: number;
  ours(): Promise<void>;
  bare(): void;
}

interface Sides extends SqliteDatabase {
  readonly clients: Collection;
  readonly bare: DatabaseSync;
}

const dir = await mkdtemp(join(tmpdir(), "webtaskd-bench-"));
try {
  const made = createSqliteDatabase({ dir, dataModel, isMade: true });
  const clients = made.database.collection("api_client");
  await fill(clients, made);
  const bare = new DatabaseSync(databaseFile(dir));
  // The settings of our own connection: what is measured is the work around the driver.
  bare.exec("PRAGMA synchronous = FULL; PRAGMA cache_size = -16384");
  const sides = { ...made, clients, bare };
  let isWithin = true;
  for (const contest of [lookUp(sides), list(sides), insert(sides)]) {
    isWithin = await report(contest) && isWithin;
  }
  bare.close();
  await made.database[Symbol.asyncDispose]();
  if (!isWithin) throw new Error("Cannot keep the limits above");
} finally {
  await rm(dir, { recursive: true, force: true });
}

function lookUp({ clients, bare }: Sides): Contest {
  const select = bare.prepare(
    'SELECT "id", "name", "token", "active", "quota" FROM "api_client" WHERE "token" = ?',
  );
  const token = (index: number) => `token${(index * 7919) % rowCount}`;
  return {
    title: `first("token = ?", …) of ${rowCount} rows, ${lookUps} times`,
    limit: 2,
    async ours() {
      for (let index = 0; index < lookUps; index++) {
        const found = await clients.first("token = ?", token(index));
        if (found === null) throw new Error("Cannot find a client");
      }
    },
    bare() {
      for (let index = 0; index < lookUps; index++) {
        if (select.get(token(index)) === undefined) throw new Error("Cannot find a client");
      }
    },
  };
}

function list({ clients, bare }: Sides): Contest {
  const select = bare.prepare(
    'SELECT "id", "name", "token", "active", "quota" FROM "api_client" LIMIT ?',
  );
  return {
    title: `toArray() of ${listCount} rows`,
    limit: 2.5,
    async ours() {
      const found = await clients.all().limit(listCount).toArray();
      if (found.length !== listCount) throw new Error("Cannot find all clients");
    },
    bare() {
      if (select.all(listCount).length !== listCount) throw new Error("Cannot find all clients");
    },
  };
}

function insert({ clients, database, bare }: Sides): Contest {
  const statement = bare.prepare(
    'INSERT INTO "api_client" ("id", "name", "token", "active", "quota") VALUES (?, ?, ?, ?, ?)',
  );
  return {
    title: `Batch of ${listCount} inserts`,
    limit: 2,
    async ours() {
      const batch = database.createBatch();
      for (let index = 0; index < listCount; index++) batch.save(clients.create(toClient(index)));
      await batch.execute();
    },
    bare() {
      bare.exec("BEGIN IMMEDIATE");
      for (let index = 0; index < listCount; index++) {
        const { name, token, active, quota } = toClient(index);
        statement.run(crypto.randomUUID(), name, token, active ? 1 : 0, quota);
      }
      bare.exec("COMMIT");
    },
  };
}

async function fill(clients: Collection, { database }: SqliteDatabase): Promise<void> {
  const batch = database.createBatch();
  for (let index = 0; index < rowCount; index++) batch.save(clients.create(toClient(index)));
  await batch.execute();
}

function toClient(index: number) {
  return { name: `Client ${index}`, token: `token${index}`, active: index % 2 === 0, quota: index };
}

async function report({ title, limit, ours, bare }: Contest): Promise<boolean> {
  const ratios: number[] = [];
  const times: (readonly [ours: number, bare: number])[] = [];
  for (let round = 0; round < rounds; round++) {
    const bareMs = await timeOf(bare);
    const oursMs = await timeOf(ours);
    times.push([oursMs, bareMs]);
    ratios.push(oursMs / bareMs);
  }
  const ratio = median(ratios);
  const [oursMs, bareMs] = [
    median(times.map(([ours]) => ours)),
    median(times.map(([, bare]) => bare)),
  ];
  const isWithin = ratio <= limit;
  write(
    `${title}: ${ratio.toFixed(2)} × bare (${oursMs.toFixed(1)} ms, ${bareMs.toFixed(1)} ms), ` +
      `${isWithin ? "within" : "over"} ${limit}`,
  );
  return isWithin;
}

async function timeOf(work: () => void | Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}
