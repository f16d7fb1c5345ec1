import type { Failure, Refusal, Reply } from "../protocol/call.ts";

/** What the supervisor found to tell the client. */
export type Answer =
  | { readonly kind: "replied"; readonly traceId: string; readonly reply: Reply }
  | { readonly kind: "failed"; readonly traceId: string; readonly failure: Failure }
  | { readonly kind: "timed-out"; readonly traceId: string | undefined }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "client-left"; readonly traceId: string | undefined };

/** Whoever waits for the answer. */
export interface WaitingClient {
  /** How long it has waited for what supervision needs: a part of its request's time. */
  readonly waitedMs: number;
  /** Called once, when everything about the answer has been recorded. */
  onAnswer(answer: Answer): void;
  /** The wait takes longer than most: from here on it is worth knowing when the client leaves. */
  onLinger(run: SupervisedRequest): void;
}

/** A supervised request, as the gateway sees it. */
export interface SupervisedRequest {
  /** The client has left. */
  clientGone(): void;
}
