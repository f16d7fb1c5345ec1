import { parseContentType } from "./content_type.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { parseResponseHeader, type ResponseHeader } from "./response_header.ts";
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

/** Writes what an author says into a draft, and refuses the impossible on the spot. */
export class DraftResponse implements TaskResponse {
  readonly #draft: Draft;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  contentType(type: string): this {
    this.#draft.contentType = parseContentType(type);
    return this;
  }

  status(code: number): this {
    if (!Number.isInteger(code) || code < 200 || code > 599) {
      const got = typeof code === "number" ? code : typeof code;
      throw new IllegalResponse(
        `Cannot answer with this status as it must be an integer from 200 to 599: got ${got}`,
      );
    }
    this.#draft.status = code;
    return this;
  }

  body(value: unknown): this {
    this.#draft.body = value;
    return this;
  }

  header(name: string, value: string | number): this {
    const header = parseResponseHeader(name, value);
    if (header[0] === "content-type") return this.contentType(header[1]);
    const others = header[0] === "set-cookie"
      ? this.#draft.headers
      : this.#draft.headers.filter(([other]) => other !== header[0]);
    this.#draft.headers = [...others, header];
    return this;
  }
}
