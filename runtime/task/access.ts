import type { Reply } from "../protocol/call.ts";
import { automaticType, toBodyText } from "./body_text.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { reasonPhrase } from "./reason_phrase.ts";
import type { Access, Authorized, Unauthorized, UnauthorizedOptions } from "./types.ts";

/** What `authenticate` has decided, under the result that stands for it. */
export type Decision =
  | { readonly kind: "authorized"; readonly result: unknown; readonly context: unknown }
  | { readonly kind: "unauthorized"; readonly result: unknown; readonly reply: Reply };

/** Makes the two results of `authenticate` for one invocation, and knows them again. */
export class InvocationAccess implements Access {
  readonly #decisions: Decision[];

  /** Every decision it offers is added to `decisions`. */
  constructor(decisions: Decision[]) {
    this.#decisions = decisions;
  }

  authorized(context?: unknown): Authorized {
    const result: Authorized = { kind: "authorized" };
    this.#decisions.push({ kind: "authorized", result, context });
    return result;
  }

  unauthorized(options?: UnauthorizedOptions): Unauthorized {
    const result: Unauthorized = { kind: "unauthorized" };
    this.#decisions.push({ kind: "unauthorized", result, reply: toReply(options ?? {}) });
    return result;
  }
}

/**
 * Finds what a result of `authenticate` stands for. A result is nothing but its identity:
 * look-alikes, copies and those of other invocations stand for nothing.
 */
export function findDecision(decisions: readonly Decision[], result: unknown) {
  for (const decision of decisions) if (decision.result === result) return decision;
  return undefined;
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
