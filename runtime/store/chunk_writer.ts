import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Chunk, firstChunkId } from "./trace_chunks.ts";

/** Stores chunks as they come, without a look at their lines. */
export class ChunkWriter {
  readonly #add: StatementSync;
  readonly #addPlace: StatementSync;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      "INSERT INTO chunks (id, firstMs, slowestUs, count, places, lines) VALUES (" +
        "(SELECT coalesce(max(id) + 1, ?1) FROM chunks WHERE id >= ?1 AND id < ?2), " +
        "?3, ?4, ?5, ?6, ?7)",
    );
    this.#addPlace = database.prepare("INSERT OR IGNORE INTO chunkPlaces VALUES (?, ?)");
  }

  /** Stores a chunk; `placeOf` says how a place is stored. */
  add(chunk: Chunk, placeOf: (number: number) => number): void {
    const { firstMs, lastMs, slowestUs, count, lines } = chunk;
    const places = chunk.places.map((number) => [number, placeOf(number)] as const);
    const { lastInsertRowid } = this.#add.run(
      ...[firstChunkId(lastMs), firstChunkId(lastMs + 1), firstMs, slowestUs, count],
      JSON.stringify(Object.fromEntries(places)),
      lines,
    );
    for (const [, place] of places) this.#addPlace.run(place, lastInsertRowid);
  }
}
