import type { Reply } from "../protocol/call.ts";
import { isServerHeader } from "../protocol/server_headers.ts";
import { parseContentType } from "./content_type.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { checkHeaderBytes, type ResponseHeader } from "./response_header.ts";
import { cancel, readWebBody } from "./web_body.ts";

// Keeps a byte order mark: the body goes out as it came.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a Web `Response` that a handler returned. Headers that the server sets are left out, so
 * that the result of `fetch` can be passed on.
 * @throws {IllegalResponse} for one that is no answer, of another type, too large, or not text.
 */
export async function readWebResponse(response: Response, signal: AbortSignal): Promise<Reply> {
  try {
    return await toReply(response, signal);
  } catch (error) {
    if (response.body) cancel(response.body);
    throw error;
  }
}

async function toReply(response: Response, signal: AbortSignal): Promise<Reply> {
  const { status } = response;
  if (status < 200 || status > 599) {
    throw new IllegalResponse(
      `Cannot answer with this Response as its status must be from 200 to 599: got ${status} (${response.type})`,
    );
  }
  const headers = headersOf(response);
  const { contentType, bytes } = await readTyped(response, signal);
  checkHeaderBytes(headers, contentType);
  return {
    status,
    contentType,
    headers: headers.length === 0 ? undefined : headers,
    body: decode(bytes),
  };
}

function headersOf(response: Response): ResponseHeader[] {
  return [...response.headers].filter(([name]) => name !== "content-type" && !isServerHeader(name));
}

async function readTyped(response: Response, signal: AbortSignal) {
  const type = response.headers.get("content-type");
  if (type === null) return await readUntyped(response, signal);
  const contentType = parseContentType(type);
  return { contentType, bytes: await readWebBody(response, signal) };
}

/** Bun tells the automatic type of a Response made of a string nowhere but in its blob. */
async function readUntyped(response: Response, signal: AbortSignal) {
  // A blob is read without a limit: the copy has kept to it by then.
  const bytes = await readWebBody(copyOf(response), signal);
  // Of a copied stream both ends have to be given up.
  if (bytes === undefined && response.body) cancel(response.body);
  if (bytes === undefined || bytes.length === 0) return { contentType: undefined, bytes };
  return { contentType: parseContentType((await response.blob()).type), bytes };
}

function copyOf(response: Response): Response {
  try {
    return response.clone();
  } catch (cause) {
    throw new IllegalResponse("Cannot read the body of the Response", { cause });
  }
}

function decode(bytes: Uint8Array | undefined): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new IllegalResponse("Cannot send the body of the Response as it is not UTF-8", { cause });
  }
}
