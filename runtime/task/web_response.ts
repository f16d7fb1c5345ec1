import type { Reply } from "../protocol/call.ts";
import { parseContentType } from "./content_type.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { isServerHeader, type ResponseHeader } from "./response_header.ts";

// Keeps a byte order mark: the body goes out as it came.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a Web `Response` that a handler returned. Headers that the server sets are left out, so
 * that the result of `fetch` can be passed on.
 * @throws {IllegalResponse} for one that is no answer, of another type, or not text.
 */
export async function readWebResponse(response: Response): Promise<Reply> {
  const { status } = response;
  if (status < 200 || status > 599) {
    throw new IllegalResponse(
      `Cannot answer with this Response as its status must be from 200 to 599: got ${status} (${response.type})`,
    );
  }
  const headers = headersOf(response);
  const blob = await readBody(response);
  // Bun tells the automatic type of a Response made of a string nowhere else.
  const type = response.headers.get("content-type") ?? blob.type;
  return {
    status,
    contentType: type === "" && blob.size === 0 ? undefined : parseContentType(type),
    headers: headers.length === 0 ? undefined : headers,
    body: decode(await blob.arrayBuffer()),
  };
}

function headersOf(response: Response): ResponseHeader[] {
  return [...response.headers].filter(([name]) => name !== "content-type" && !isServerHeader(name));
}

async function readBody(response: Response): Promise<Blob> {
  try {
    return await response.blob();
  } catch (cause) {
    throw new IllegalResponse("Cannot read the body of the Response", { cause });
  }
}

function decode(bytes: ArrayBuffer): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new IllegalResponse("Cannot send the body of the Response as it is not UTF-8", { cause });
  }
}
