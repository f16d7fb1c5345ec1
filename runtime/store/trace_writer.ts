import type { DatabaseSync, StatementSync } from "node:sqlite";
import { ChunkWriter } from "./chunk_writer.ts";
import { LineCounts } from "./line_counts.ts";
import type { Batch } from "./trace_chunks.ts";
import { toStoredId } from "./trace_ids.ts";
import { type Place, type RareLine, readRareLine } from "./trace_lines.ts";
import { openTraceFile, storedLevels, storedStates, storedStreams } from "./trace_schema.ts";

const runningState = storedStates.indexOf("RUNNING");
const interruptedState = storedStates.indexOf("INTERRUPTED");

/** Writes what a gateway tells into the file of a folder. */
export class TraceWriter {
  readonly database: DatabaseSync;
  readonly #statements: Statements;
  readonly #chunks: ChunkWriter;
  readonly #gateway: number;
  /** The numbers of places as the gateway counts them, and as they are stored. */
  readonly #places = new Map<number, number>();
  readonly #counts = new LineCounts();
  #lastBatch: number;

  /** `gateway` names the one whose invocations these are. */
  constructor(folder: string, gateway: string) {
    this.database = openTraceFile(folder);
    this.#statements = prepareStatements(this.database);
    this.#chunks = new ChunkWriter(this.database);
    this.#statements.addGateway.run(gateway);
    const row = this.#statements.findGateway.get(gateway);
    this.#gateway = Number(row?.["id"]);
    this.#lastBatch = Number(row?.["lastBatch"]);
  }

  /** Learns which names a number stands for. */
  definePlace(number: number, { deployment, release, task, method, path }: Place): void {
    const { addPlace, findPlace } = this.#statements;
    addPlace.run(deployment, release, task, method, path);
    const row = findPlace.get(deployment, release, task, method, path);
    this.#places.set(number, Number(row?.["id"]));
  }

  /** Writes batches in one transaction; those that were written before are left out. */
  write(batches: readonly Batch[]): void {
    this.#inTransaction(() => {
      for (const batch of batches) {
        if (batch.number <= this.#lastBatch) continue;
        this.#writeBatch(batch);
        this.#lastBatch = batch.number;
      }
      this.#statements.setLastBatch.run(this.#lastBatch, this.#gateway);
    });
  }

  /** The gateways that wrote here, by the names they gave, and their numbers. */
  gateways(): readonly { readonly id: number; readonly name: string }[] {
    return this.#statements.allGateways.all()
      .map(({ id, name }) => ({ id: Number(id), name: String(name) }));
  }

  /** Marks what a gateway left running, and forgets it; says how much there was. */
  interrupt(gateway: number, reason: string): number {
    const { setInterrupted, dropRunningOf, dropGateway } = this.#statements;
    return this.#inTransaction(() => {
      const { changes } = setInterrupted.run(interruptedState, reason, runningState, gateway);
      dropRunningOf.run(gateway);
      dropGateway.run(gateway);
      return Number(changes);
    });
  }

  close(): void {
    this.database.close();
  }

  #inTransaction<T>(work: () => T): T {
    this.database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.database.isTransaction) this.database.exec("ROLLBACK");
      throw error;
    }
  }

  #writeBatch({ chunk, text }: Batch): void {
    if (chunk) this.#chunks.add(chunk, (number) => this.#placeOf(number));
    for (const line of text.split("\n")) if (line !== "") this.#writeRare(readRareLine(line));
  }

  #writeRare(line: RareLine): void {
    switch (line.kind) {
      case "invocation":
        return this.#writeInvocation(line);
      case "returned": {
        const traceId = toStoredId(line.traceId);
        this.#statements.dropReturned.run(traceId, runningState);
        this.#statements.dropRunning.run(traceId);
        return;
      }
      case "request": {
        const { requestId, startedAt, facts } = line;
        this.#statements.addRequest.run(toStoredId(requestId), startedAt, facts);
        return;
      }
      case "output":
        return this.#writeOutput(line);
      default:
        line satisfies never;
    }
  }

  #writeInvocation(line: RareLine & { readonly kind: "invocation" }): void {
    const { addInvocation, addRunning, dropRunning } = this.#statements;
    const { requestId, place, state, durationUs, facts } = line;
    const traceId = toStoredId(line.traceId);
    const stored = [toStoredId(requestId), this.#placeOf(place), state, durationUs, facts] as const;
    addInvocation.run(traceId, ...stored);
    if (state === runningState) return void addRunning.run(traceId, this.#gateway);
    dropRunning.run(traceId);
    this.#counts.forget(line.traceId);
  }

  #writeOutput(line: RareLine & { readonly kind: "output" }): void {
    const { addLine, addOmitted } = this.#statements;
    const { traceId, requestId, deployment, task, time, text, omitted } = line;
    const owner = traceId === null ? null : toStoredId(traceId);
    if (owner !== null && omitted > 0) return void addOmitted.run(owner, omitted);
    if (traceId !== null && !this.#counts.admits(traceId)) return void addOmitted.run(owner, 1);
    const level = Math.max(0, storedLevels.findIndex((name) => name === line.level));
    const stream = Math.max(0, storedStreams.findIndex((name) => name === line.stream));
    const request = requestId === null ? null : toStoredId(requestId);
    addLine.run(owner, request, deployment, task, time, level, stream, text);
  }

  #placeOf(number: number): number {
    return this.#places.get(number) ?? 0;
  }
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    addGateway: prepare("INSERT OR IGNORE INTO gateways (name, lastBatch) VALUES (?, 0)"),
    findGateway: prepare("SELECT id, lastBatch FROM gateways WHERE name = ?"),
    allGateways: prepare("SELECT id, name FROM gateways"),
    setLastBatch: prepare("UPDATE gateways SET lastBatch = ? WHERE id = ?"),
    dropGateway: prepare("DELETE FROM gateways WHERE id = ?"),
    addPlace: prepare(
      "INSERT OR IGNORE INTO places (deployment, release, task, method, path) VALUES (?, ?, ?, ?, ?)",
    ),
    findPlace: prepare(
      "SELECT id FROM places WHERE deployment = ? AND release = ? AND task = ? AND method = ? " +
        "AND path = ?",
    ),
    addInvocation: prepare("INSERT OR REPLACE INTO invocations VALUES (?, ?, ?, ?, ?, ?)"),
    addRunning: prepare("INSERT OR REPLACE INTO running VALUES (?, ?)"),
    dropRunning: prepare("DELETE FROM running WHERE traceId = ?"),
    dropReturned: prepare("DELETE FROM invocations WHERE traceId = ? AND state = ?"),
    dropRunningOf: prepare("DELETE FROM running WHERE gateway = ?"),
    setInterrupted: prepare(
      "UPDATE invocations SET state = ?, facts = json_set(facts, '$[11]', NULL, '$[12]', ?) " +
        "WHERE state = ? AND traceId IN (SELECT traceId FROM running WHERE gateway = ?)",
    ),
    addRequest: prepare("INSERT OR REPLACE INTO requests VALUES (?, ?, ?)"),
    addLine: prepare(
      "INSERT INTO lines (traceId, requestId, deployment, task, time, level, stream, text) " +
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    addOmitted: prepare(
      "INSERT INTO omitted VALUES (?, ?) " +
        "ON CONFLICT (traceId) DO UPDATE SET lines = lines + excluded.lines",
    ),
  };
}
