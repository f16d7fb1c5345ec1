import { countOf } from "../base/count_of.ts";
import { RuntimeError } from "../base/errors.ts";

/*
 * A frame on the socket between gateway and worker:
 *
 *   u32 length of what follows | u8 kind | u32 id | u32 head length | head (UTF-8) | body (bytes)
 *
 * Numbers are little-endian. `id` names the invocation the frame is about, 0 where it is about none.
 */

/** Task code may replace the global one, and its replies must still leave the process. */
const { setImmediate } = globalThis;
const lengthBytes = 4;
const headerBytes = 13;
const firstBufferBytes = 64 * 1024;
const keptBufferBytes = 1024 * 1024;
/** Text up to this many UTF-16 units is reserved for at its worst case instead of being measured. */
const unmeasuredText = 16 * 1024;
const worstBytesPerUnit = 3;

/** The largest frame either side accepts; a body must fit with its head. */
export const maxFrameBytes = 64 * 1024 * 1024;

/** One frame, as it is handed to the receiver. `body` may be kept. */
export interface Frame {
  readonly kind: number;
  readonly id: number;
  readonly head: string;
  readonly body: Uint8Array;
}

/** Collects frames in one buffer and sends them together at the end of the event-loop turn. */
export class FrameWriter {
  readonly #send: (bytes: Uint8Array) => void;
  #buffer = Buffer.allocUnsafe(firstBufferBytes);
  #used = 0;
  #isScheduled = false;

  /** `send` must take or copy the bytes before it returns. */
  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  /** Adds a frame; it leaves with the others of this turn. */
  write(kind: number, id: number, content: { head: string; body?: string | Uint8Array }): void {
    const { head, body = "" } = content;
    this.#reserve(headerBytes + byteBound(head) + byteBound(body));
    const start = this.#used;
    const headStart = start + headerBytes;
    const bodyStart = headStart + this.#buffer.write(head, headStart, "utf8");
    const end = bodyStart + this.#writeBody(body, bodyStart);
    writeHeader(this.#buffer, start, {
      kind,
      id,
      length: end - start,
      head: bodyStart - headStart,
    });
    this.#used = end;
    this.#schedule();
  }

  /** Sends what has been collected now. */
  flush(): void {
    if (this.#used === 0) return;
    const bytes = this.#buffer.subarray(0, this.#used);
    this.#used = 0;
    // Before sending, which may write again.
    if (this.#buffer.length > keptBufferBytes) this.#buffer = Buffer.allocUnsafe(firstBufferBytes);
    this.#send(bytes);
  }

  #writeBody(body: string | Uint8Array, at: number): number {
    if (typeof body === "string") return body === "" ? 0 : this.#buffer.write(body, at, "utf8");
    this.#buffer.set(body, at);
    return body.length;
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#used);
    this.#buffer = larger;
  }

  /** `setImmediate` runs after all input of the turn: one write serves every frame of it. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#flushLater);
  }

  /** Made once: a function that holds a callback pays for it at every call. */
  readonly #flushLater = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
}

/** Cuts a byte stream into frames, whatever the pieces it arrives in. */
export class FrameReader {
  readonly #receive: (frame: Frame) => void;
  readonly #limit: number;
  #rest: Buffer = Buffer.alloc(0);
  /** A frame larger than what has arrived: its buffer has the frame's full size. */
  #large: { readonly buffer: Buffer; filled: number } | undefined;

  constructor(receive: (frame: Frame) => void, limit = maxFrameBytes) {
    this.#receive = receive;
    this.#limit = limit;
  }

  /**
   * Takes the next bytes of the stream and hands on every frame they complete.
   * @throws {RuntimeError} `bad_message` when a frame is malformed or over the limit.
   */
  push(bytes: Uint8Array): void {
    let chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#large) chunk = this.#fillLarge(chunk);
    if (chunk.length === 0) return;
    if (this.#rest.length > 0) chunk = Buffer.concat([this.#rest, chunk]);
    this.#rest = this.#readAll(chunk);
  }

  #readAll(chunk: Buffer): Buffer {
    let at = 0;
    while (chunk.length - at >= headerBytes) {
      const end = at + lengthBytes + this.#frameLength(chunk, at);
      if (end > chunk.length) {
        this.#startLarge(chunk.subarray(at), end - at);
        return Buffer.alloc(0);
      }
      this.#receive(toFrame(chunk, at, end));
      at = end;
    }
    return chunk.subarray(at);
  }

  #frameLength(chunk: Buffer, at: number): number {
    const length = chunk.readUInt32LE(at);
    const isPossible = length >= headerBytes - lengthBytes && length <= this.#limit;
    if (isPossible) return length;
    throw new RuntimeError("bad_message", `Cannot read a frame of ${countOf(length, "byte")}`);
  }

  #startLarge(part: Buffer, size: number): void {
    const buffer = Buffer.allocUnsafe(size);
    part.copy(buffer);
    this.#large = { buffer, filled: part.length };
  }

  #fillLarge(chunk: Buffer): Buffer {
    const large = this.#large;
    if (!large) return chunk;
    const taken = chunk.copy(large.buffer, large.filled);
    large.filled += taken;
    if (large.filled === large.buffer.length) {
      this.#large = undefined;
      this.#receive(toFrame(large.buffer, 0, large.buffer.length));
    }
    return chunk.subarray(taken);
  }
}

function toFrame(chunk: Buffer, start: number, end: number): Frame {
  const bodyStart = start + headerBytes + chunk.readUInt32LE(start + 9);
  if (bodyStart > end) {
    throw new RuntimeError("bad_message", "Cannot read a frame: bad head length");
  }
  return {
    kind: chunk.readUInt8(start + 4),
    id: chunk.readUInt32LE(start + 5),
    head: chunk.toString("utf8", start + headerBytes, bodyStart),
    body: chunk.subarray(bodyStart, end),
  };
}

interface FrameHeader {
  readonly kind: number;
  readonly id: number;
  readonly length: number;
  readonly head: number;
}

function writeHeader(buffer: Buffer, at: number, header: FrameHeader): void {
  buffer.writeUInt32LE(header.length - lengthBytes, at);
  buffer.writeUInt8(header.kind, at + 4);
  buffer.writeUInt32LE(header.id, at + 5);
  buffer.writeUInt32LE(header.head, at + 9);
}

function byteBound(text: string | Uint8Array): number {
  if (typeof text !== "string") return text.length;
  return text.length <= unmeasuredText ? text.length * worstBytesPerUnit : Buffer.byteLength(text);
}
