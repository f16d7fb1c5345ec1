import { isUtf8 } from "node:buffer";
import type { HeaderFields } from "../protocol/call.ts";

/** What reading a body comes to. */
export type BodyResult =
  | { readonly kind: "read"; readonly body: Uint8Array | undefined }
  | { readonly kind: "too-large" }
  | { readonly kind: "not-utf8" }
  | { readonly kind: "aborted" };

/** Whether the headers announce a body that has bytes. */
export function announcesBody(headers: HeaderFields): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/** Whether a Content-Length alone says that a body is over the limit. */
export function isTooLongByHeader(headers: HeaderFields, maxBytes: number): boolean {
  return Number(headers["content-length"] ?? 0) > maxBytes;
}

/** Reads a body whole, as far as the limit; bytes beyond it are never kept. */
export async function readBody(request: Request, maxBytes: number): Promise<BodyResult> {
  if (request.body === null) return { kind: "read", body: undefined };
  try {
    const bytes = await readUpTo(request.body, maxBytes);
    if (bytes === undefined) return { kind: "too-large" };
    return isUtf8(bytes) ? { kind: "read", body: bytes } : { kind: "not-utf8" };
  } catch {
    // The client broke off in the middle of its body: there is nobody left to tell.
    return { kind: "aborted" };
  }
}

async function readUpTo(stream: ReadableStream<Uint8Array>, maxBytes: number) {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size);
    size += value.length;
    if (size > maxBytes) {
      void reader.cancel().catch(ignoreBrokenBody);
      return undefined;
    }
    chunks.push(value);
  }
}

function ignoreBrokenBody(): void {
  // Cancelling what the client has already broken off fails, and changes nothing.
}
