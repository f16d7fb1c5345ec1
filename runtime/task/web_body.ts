import { maxReplyBodyBytes } from "../protocol/reply_limits.ts";
import { IllegalResponse } from "./illegal_response.ts";

type Reader = ReadableStreamDefaultReader<unknown>;

/**
 * Reads the body of a Web `Response`, up to the limit of a reply and for as long as the invocation
 * may run; undefined once its client has left, as then nobody will get it.
 * @throws {IllegalResponse} for a body that is too large, fails, or has been read.
 */
export async function readWebBody(response: Response, signal: AbortSignal) {
  const reader = readerOf(response);
  if (!reader) return new Uint8Array();
  const onAbort = () => void (hasClientLeft(signal) && cancel(reader));
  signal.addEventListener("abort", onAbort);
  try {
    onAbort();
    const bytes = await readAll(reader);
    return hasClientLeft(signal) ? undefined : bytes;
  } catch (error) {
    cancel(reader);
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Tells whoever makes a stream that nobody reads it any more. */
export function cancel(stream: Reader | ReadableStream): void {
  // Whether it then ends in order is its own affair.
  stream.cancel().catch(() => {});
}

function readerOf({ body, bodyUsed }: Response): Reader | undefined {
  if (!bodyUsed && !body?.locked) return body?.getReader();
  throw new IllegalResponse("Cannot read the body of the Response as it has been read before");
}

async function readAll(reader: Reader): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let chunk = await readChunk(reader); chunk; chunk = await readChunk(reader)) {
    size += chunk.length;
    if (size > maxReplyBodyBytes) throw tooLarge(size);
    if (chunk.length > 0) chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** The next bytes; undefined at the end. */
async function readChunk(reader: Reader): Promise<Uint8Array | undefined> {
  const { done, value } = await read(reader);
  if (done) return undefined;
  if (value instanceof Uint8Array) return value;
  throw new IllegalResponse(
    `Cannot read the body of the Response as its stream must give bytes: got ${typeof value}`,
  );
}

async function read(reader: Reader) {
  try {
    return await reader.read();
  } catch (cause) {
    throw new IllegalResponse("Cannot read the body of the Response", { cause });
  }
}

function tooLarge(size: number): IllegalResponse {
  const limit = `it must be <= ${maxReplyBodyBytes} bytes`;
  return new IllegalResponse(
    `Cannot send the body of the Response as ${limit}: got ${size} so far`,
  );
}

function hasClientLeft({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof Error && reason.name === "ClientGone";
}
