import { RuntimeError } from "../../runtime/base/errors.ts";
import type { Call } from "../../runtime/protocol/call.ts";
import { type Frame, FrameReader, FrameWriter } from "../../runtime/protocol/frames.ts";

/** The bytes that a writer sends for what `write` puts into it. */
export function bytesOf(write: (writer: FrameWriter) => void): Buffer {
  const sent: Uint8Array[] = [];
  const writer = new FrameWriter((bytes) => void sent.push(bytes.slice()));
  write(writer);
  writer.flush();
  return Buffer.concat(sent);
}

/** Everything a reader finds in bytes that arrive in the pieces given. */
export function framesIn(pieces: Iterable<Uint8Array>, limit?: number): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader((frame) => void frames.push(frame), limit);
  for (const piece of pieces) reader.push(piece);
  return frames;
}

/** The one frame of what `write` puts into a writer. */
export function frameOf(write: (writer: FrameWriter) => void): Frame {
  const [frame, ...more] = framesIn([bytesOf(write)]);
  if (frame && more.length === 0) return frame;
  throw new Error("Cannot find exactly one frame");
}

/** A frame as a defective or hostile sender might make it. */
export function rawFrame(content: Partial<Omit<Frame, "body">> & { body?: string }): Frame {
  const { kind = 0, id = 0, head = "", body = "" } = content;
  return { kind, id, head, body: Buffer.from(body) };
}

/** Runs code that may only fail with `bad_message`; whether it did. */
export function isRefused(code: () => unknown): boolean {
  try {
    code();
    return false;
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "bad_message") return true;
    throw error;
  }
}

/** The fields of a call, wherever it keeps them, without the rest of the object. */
export function plainCall(call: Call): Call {
  const {
    requestId,
    traceId,
    firstTraceId,
    attempt,
    task,
    method,
    url,
    headers,
    deadlineMs,
    body,
  } = call;
  return {
    requestId,
    traceId,
    firstTraceId,
    attempt,
    task,
    method,
    url,
    headers,
    deadlineMs,
    body,
  };
}
