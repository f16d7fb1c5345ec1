import { idPattern, idTimeMs } from "../base/ids.ts";
import { badMessage } from "../protocol/fields.ts";
import type { InvocationRecord, RequestRecord } from "../protocol/records.ts";
import { latestChunkMs } from "./trace_chunks.ts";
import type { LineBuffer } from "./line_buffer.ts";
import { isPlainRequest, writePlainFacts } from "./trace_facts.ts";
import { slowFromUs } from "./trace_schema.ts";

/** The times of a line lie no further apart: who looks for an ID need not look far around it. */
const maxSpreadMs = 5_000;
const idLength = 32;

/**
 * A request that went as nearly all do: one invocation has completed it, soon and without anything to
 * tell. Such lines are stored as they are, many together.
 */
export interface PlainLine {
  readonly invocation: InvocationRecord;
  readonly request: RequestRecord;
  readonly place: number;
  readonly durationUs: number;
  /** The times of both IDs and of the start are between these. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** No line is longer: identifiers, numbers and the address of a client. */
export const maxPlainLineBytes = 512;

/** A request and the invocation that answered it, in the short form; undefined where it has none. */
export function toPlainLine(
  invocation: InvocationRecord,
  request: RequestRecord,
  place: number,
): PlainLine | undefined {
  const { traceId, requestId, state, startedAt, durationMs } = invocation;
  if (state !== "COMPLETED" || !isPlainRequest(request)) return undefined;
  const durationUs = Math.round(durationMs * 1_000);
  if (durationUs >= slowFromUs || !idPattern.test(requestId)) return undefined;
  // Who looks for an ID starts from its time. One that a proxy made may begin with anything.
  const [traceMs, requestMs] = [idTimeMs(traceId), idTimeMs(requestId)];
  const firstMs = Math.min(traceMs, requestMs, startedAt);
  const lastMs = Math.max(traceMs, requestMs, startedAt);
  if (lastMs - firstMs > maxSpreadMs || lastMs > latestChunkMs) return undefined;
  return { invocation, request, place, durationUs, firstMs, lastMs };
}

/** Writes a line, which the two records must still be good for. */
export function writePlainLine(to: LineBuffer, line: PlainLine): void {
  const { invocation: { traceId, requestId }, place, durationUs } = line;
  to.add(traceId);
  to.add(requestId);
  to.number(place);
  to.mark("\t");
  to.number(durationUs);
  to.mark("\t");
  writePlainFacts(to, line);
  to.mark("\n");
}

/** Takes lines apart. */
export function readPlainLines(lines: Uint8Array): readonly string[] {
  return toBuffer(lines).toString("utf8").split("\n").slice(0, -1);
}

/** The number of the place of a line, as digits. */
export function placeOf(line: string): string {
  return line.slice(2 * idLength, line.indexOf("\t", 2 * idLength));
}

/** The parts of a line in the short form. */
export function readPlainLine(line: string) {
  const placeEnd = line.indexOf("\t", 2 * idLength);
  const durationEnd = line.indexOf("\t", placeEnd + 1);
  if (placeEnd < 0 || durationEnd < 0) throw badMessage("line");
  return {
    traceId: line.slice(0, idLength),
    requestId: line.slice(idLength, 2 * idLength),
    place: line.slice(2 * idLength, placeEnd),
    durationUs: Number(line.slice(placeEnd + 1, durationEnd)),
    facts: line.slice(durationEnd + 1),
  };
}

/** Finds the lines that have an identifier as one of their two. */
export function findPlainLines(lines: Uint8Array, id: string): readonly string[] {
  const bytes = toBuffer(lines);
  const found: string[] = [];
  let at = bytes.indexOf(id, 0, "latin1");
  while (at >= 0) {
    const start = at === 0 ? 0 : bytes.lastIndexOf("\n", at - 1) + 1;
    const end = bytes.indexOf("\n", at);
    if (at === start || at === start + idLength) found.push(bytes.toString("utf8", start, end));
    at = bytes.indexOf(id, end, "latin1");
  }
  return found;
}

function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
