import type { ExitStatus } from "../platform/platform.ts";
import type { DeathState, Failure, FailureCode, OwnedCall } from "../protocol/call.ts";

/** Why a process ended, in one word; a process that ended by itself `exited`. */
export type EndCause =
  | "exited"
  | "start-overdue"
  | "load-overdue"
  | "retired"
  | "worn"
  | "idle"
  | "blocked"
  | "max-duration"
  | "memory"
  | "bad-message"
  | "stopping";

/** Why a process is ended. */
export interface StopReason {
  readonly cause: EndCause;
  /** One sentence for the records of what ran. */
  readonly message: string;
  /** The call it is ended for; the others are told which it was. */
  readonly culprit?: OwnedCall;
  /** What becomes of calls other than the culprit's. */
  readonly state?: DeathState;
  readonly code?: FailureCode;
}

/** How a process came to its end. */
export interface ProcessEnd {
  readonly cause: EndCause;
  readonly failure: Failure;
  /** Whether it had ever been ready for calls. */
  readonly wasReady: boolean;
  /** The tasks whose top level was running. */
  readonly loading: readonly string[];
  /** By a signal that the gateway did not send: anybody may have. */
  readonly wasKilledByOthers: boolean;
}

/** What is known of a process that has ended. */
export interface Death extends Pick<ProcessEnd, "wasReady" | "loading"> {
  readonly status: ExitStatus;
  /** `undefined` when nobody had asked it to end. */
  readonly reason: StopReason | undefined;
  /** The last of what it wrote to standard error. */
  readonly errorTail: string | undefined;
}

/** Says how a process came to its end. */
export function toProcessEnd({ loading, ...death }: Death): ProcessEnd {
  const { status, reason, wasReady } = death;
  return {
    cause: reason?.cause ?? "exited",
    failure: toDeathFailure(death),
    wasReady,
    loading,
    wasKilledByOthers: reason === undefined && status.signal !== undefined,
  };
}

function toDeathFailure(
  { status, reason, wasReady, errorTail }: Omit<Death, "loading">,
): Failure {
  const how = status.signal ? `signal ${status.signal}` : `exit code ${status.code}`;
  const why = reason ? `: ${reason.message}` : "";
  return {
    code: reason?.code ?? (wasReady ? "crashed" : "start_failed"),
    message: `The process of the task ended with ${how}${why}`,
    stack: errorTail,
    publicMessage: undefined,
  };
}

/** Tells each call that its process is gone: the one it was ended for, and those it took with it. */
export function tellOfDeath(
  calls: readonly OwnedCall[],
  { reason, failure }: { readonly reason: StopReason | undefined; readonly failure: Failure },
): void {
  const { culprit, state = "CRASHED" } = reason ?? {};
  const because = culprit ? `, taken down by trace ${culprit.traceId}` : "";
  const others: Failure = culprit
    ? { ...failure, code: "crashed", message: failure.message + because }
    : failure;
  for (const call of calls) {
    if (call === culprit) call.onEnd({ kind: "died", state: "KILLED", failure });
    else call.onEnd({ kind: "died", state, failure: others });
  }
}

/** The kernel has enforced the limit. */
export const killedForMemory: StopReason = {
  cause: "memory",
  code: "memory",
  state: "KILLED",
  message: "memory: the kernel ended it at its limit (maxRss)",
};

/** Nobody would end it for the sake of a call. */
export const blockedForNobody: StopReason = {
  cause: "blocked",
  message: "its event loop was blocked, by nothing that runs for a request",
};

/** Whether nothing is to be started elsewhere: the server stops. */
export function isFinal(reason: StopReason | undefined): boolean {
  return reason?.cause === "stopping";
}

/** Whether the pool had no use for the process: that it ended is no fault of its own. */
export function isWelcome({ cause }: ProcessEnd): boolean {
  return cause === "retired" || cause === "stopping" || cause === "idle";
}

/** The gateway is about to end. */
export const serverStops: StopReason = {
  cause: "stopping",
  state: "INTERRUPTED",
  message: "the server stops",
};
