import { asNumber, asRecord, badMessage, parseJson } from "../protocol/fields.ts";

/*
 * A chunk has the plain lines of a batch. Its key is the time of its last line, and a number among
 * those of the same millisecond: whoever looks for the newest follows the key, backwards.
 */

const chunksPerMs = 1_024;
/** The last time whose keys are whole numbers to JavaScript. */
export const latestChunkMs = 2 ** 43 - 1;
/** The times of a chunk lie no further apart. */
export const maxChunkSpreadMs = 10_000;

/** What is said of a chunk beside its bytes. */
export interface ChunkHead {
  readonly firstMs: number;
  readonly lastMs: number;
  /** The longest duration of its lines. */
  readonly slowestUs: number;
  readonly count: number;
  /** The numbers of the places of its lines. */
  readonly places: readonly number[];
  /** How many bytes its lines take; they come first in a batch. */
  readonly bytes: number;
}

/** Plain lines that are stored together. */
export interface Chunk extends ChunkHead {
  readonly lines: Uint8Array;
}

/** What a gateway tells at once, with its number among what it tells. */
export interface Batch {
  readonly number: number;
  readonly chunk: Chunk | undefined;
  /** The other lines. */
  readonly text: string;
}

/** The first key that a chunk can have whose last line is of this time. */
export function firstChunkId(timeMs: number): number {
  return Math.min(Math.max(0, Math.floor(timeMs)), latestChunkMs) * chunksPerMs;
}

/** The time of the last line of a chunk. */
export function lastMsOf(chunkId: number): number {
  return Math.floor(chunkId / chunksPerMs);
}

/** Reads a batch; the head of its frame is empty where it has no plain lines. */
export function readBatch(number: number, frame: { head: string; body: Uint8Array }): Batch {
  const { head, body } = frame;
  if (head === "") return { number, chunk: undefined, text: toText(body) };
  const told = readChunkHead(head);
  if (told.bytes > body.length) throw badMessage("chunk.bytes");
  const lines = body.subarray(0, told.bytes);
  return { number, chunk: { ...told, lines }, text: toText(body.subarray(told.bytes)) };
}

function readChunkHead(text: string): ChunkHead {
  const { firstMs, lastMs, slowestUs, count, places, bytes } = asRecord(parseJson(text), "chunk");
  if (!Array.isArray(places)) throw badMessage("chunk.places");
  return {
    firstMs: asNumber(firstMs, "chunk.firstMs"),
    lastMs: asNumber(lastMs, "chunk.lastMs"),
    slowestUs: asNumber(slowestUs, "chunk.slowestUs"),
    count: asNumber(count, "chunk.count"),
    places: places.map((place) => asNumber(place, "chunk.places")),
    bytes: asNumber(bytes, "chunk.bytes"),
  };
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
