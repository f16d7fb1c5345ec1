import { asNumber, asRecord, asText, parseJson } from "../protocol/fields.ts";

/**
 * The frames between gateway and recorder, in both directions.
 *
 * - `place`: the names, as JSON, for which the ID of the frame stands.
 * - `batch`: lines; the ID is its number. Those of `plain_lines.ts` come first, and the head says how
 *   many bytes of them there are and what is in them (`trace_chunks.ts`). Those of `trace_lines.ts`
 *   follow.
 * - `committed`: all batches up to the ID are in the file.
 * - `question`, `answer`, `refusal`: of a `TraceReader`, as JSON; the ID is the question's.
 */
export const recorderFrames = {
  place: 40,
  batch: 41,
  committed: 42,
  question: 43,
  answer: 44,
  refusal: 45,
} as const;

/** What a recorder is told on its standard input. */
export interface RecorderBoot {
  /** The gateway's Unix socket. */
  readonly socket: string;
  /** Proves to the gateway which process connects. */
  readonly token: string;
  /** The folder of the traces. */
  readonly folder: string;
  /** The name of the gateway, and of its lock. */
  readonly gateway: string;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** Reads what the gateway wrote to a recorder's standard input. */
export function parseRecorderBoot(text: string): RecorderBoot {
  const { socket, token, folder, gateway, maxAgeMs, maxBytes } = asRecord(parseJson(text), "boot");
  return {
    socket: asText(socket, "boot.socket"),
    token: asText(token, "boot.token"),
    folder: asText(folder, "boot.folder"),
    gateway: asText(gateway, "boot.gateway"),
    maxAgeMs: asNumber(maxAgeMs, "boot.maxAgeMs"),
    maxBytes: asNumber(maxBytes, "boot.maxBytes"),
  };
}
