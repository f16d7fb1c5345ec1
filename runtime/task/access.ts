import type { Reply } from "../protocol/call.ts";
import { automaticType, toBodyText } from "./body_text.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { reasonPhrase } from "./reason_phrase.ts";
import type { Access, Authorized, Unauthorized, UnauthorizedOptions } from "./types.ts";

/** What `authenticate` has decided. */
export type Decision =
  | { readonly kind: "authorized"; readonly context: unknown }
  | { readonly kind: "unauthorized"; readonly reply: Reply };

/**
 * The decisions an invocation has offered, by the result that stands for each. A result is nothing
 * but its identity: look-alikes, copies and those of other invocations are not in the map.
 */
export type Decisions = Map<unknown, Decision>;

/** Makes the two results of `authenticate` for one invocation. */
export class InvocationAccess implements Access {
  readonly #decisions: Decisions;

  constructor(decisions: Decisions) {
    this.#decisions = decisions;
  }

  authorized(context?: unknown): Authorized {
    const result: Authorized = { kind: "authorized" };
    this.#decisions.set(result, { kind: "authorized", context });
    return result;
  }

  unauthorized(options?: UnauthorizedOptions): Unauthorized {
    const result: Unauthorized = { kind: "unauthorized" };
    this.#decisions.set(result, { kind: "unauthorized", reply: toReply(options ?? {}) });
    return result;
  }
}

function toReply(options: UnauthorizedOptions): Reply {
  const { status = 401, body = { message: reasonPhrase(status) } } = options;
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    throw new IllegalResponse(
      `Cannot answer unauthorized as status must be an integer from 400 to 599: got ${
        String(status)
      }`,
    );
  }
  return {
    status,
    contentType: automaticType(body),
    headers: undefined,
    body: toBodyText(body),
  };
}
