import { parseContentType } from "./content_type.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { checkHeaderBytes, parseResponseHeader, type ResponseHeader } from "./response_header.ts";
import type { TaskResponse } from "./types.ts";

/** What a handler has said about its answer so far. */
export interface Draft {
  status: number;
  contentType: string | undefined;
  body: unknown;
  headers: readonly ResponseHeader[];
}

/** The draft of a handler that says nothing. */
export function createDraft(): Draft {
  return { status: 200, contentType: undefined, body: undefined, headers: [] };
}

/**
 * Writes what an author says into a draft, and refuses the impossible on the spot. Its functions
 * work without it, as in `const { status } = response`.
 */
export class DraftResponse implements TaskResponse {
  readonly #draft: Draft;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  get contentType() {
    return (type: string): this => {
      const contentType = parseContentType(type);
      checkHeaderBytes(this.#draft.headers, contentType);
      this.#draft.contentType = contentType;
      return this;
    };
  }

  get status() {
    return (code: number): this => {
      this.#draft.status = parseStatus(code);
      return this;
    };
  }

  get body() {
    return (value: unknown): this => {
      this.#draft.body = value;
      return this;
    };
  }

  get header() {
    return (name: string, value: string | number): this => {
      const header = parseResponseHeader(name, value);
      if (header[0] === "content-type") return this.contentType(header[1]);
      const headers = withHeader(this.#draft.headers, header);
      checkHeaderBytes(headers, this.#draft.contentType);
      this.#draft.headers = headers;
      return this;
    };
  }
}

function parseStatus(code: unknown): number {
  if (typeof code === "number" && Number.isInteger(code) && code >= 200 && code <= 599) return code;
  const got = typeof code === "number" ? code : typeof code;
  throw new IllegalResponse(
    `Cannot answer with this status as it must be an integer from 200 to 599: got ${got}`,
  );
}

/** Puts a header in place of an earlier one of its name; cookies stay beside each other. */
function withHeader(headers: Draft["headers"], header: ResponseHeader): Draft["headers"] {
  const [name] = header;
  const others = name === "set-cookie" ? headers : headers.filter(([other]) => other !== name);
  return [...others, header];
}
