import type { Reply } from "../protocol/call.ts";
import { automaticType, toBodyText } from "./body_text.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { reasonPhrase } from "./reason_phrase.ts";
import type { Access, Authorized, Unauthorized, UnauthorizedOptions } from "./types.ts";

/** What `authenticate` has decided, under the result that stands for it. */
export type Decision =
  & { readonly result: unknown; readonly earlier: Decision | undefined }
  & (
    | { readonly kind: "authorized"; readonly context: unknown }
    | { readonly kind: "unauthorized"; readonly reply: Reply }
  );

/** Keeps the decisions an invocation was offered: hardly ever more than one. */
export interface DecisionStore {
  lastDecision: Decision | undefined;
}

/**
 * Makes the two results of `authenticate` for one invocation. Its functions work without it, as in
 * `const { authorized } = access`; made when read, they cost nothing where nobody asks.
 */
export class InvocationAccess implements Access {
  readonly #store: DecisionStore;

  constructor(store: DecisionStore) {
    this.#store = store;
  }

  get authorized() {
    return (context?: unknown): Authorized => {
      const result: Authorized = { kind: "authorized" };
      const earlier = this.#store.lastDecision;
      this.#store.lastDecision = { kind: "authorized", result, context, earlier };
      return result;
    };
  }

  get unauthorized() {
    return (options?: UnauthorizedOptions): Unauthorized => {
      const result: Unauthorized = { kind: "unauthorized" };
      const reply = toReply(options ?? {});
      const earlier = this.#store.lastDecision;
      this.#store.lastDecision = { kind: "unauthorized", result, reply, earlier };
      return result;
    };
  }
}

/**
 * Finds what a result of `authenticate` stands for. A result is nothing but its identity:
 * look-alikes, copies and those of other invocations stand for nothing.
 */
export function findDecision({ lastDecision }: DecisionStore, result: unknown) {
  for (let decision = lastDecision; decision; decision = decision.earlier) {
    if (decision.result === result) return decision;
  }
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
