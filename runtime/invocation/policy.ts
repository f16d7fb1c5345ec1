/** The times of a task's supervision. */
export interface InvocationPolicy {
  /** An invocation's own time, from when it is handed to a process. */
  readonly timeoutMs: number;
  /** Invocations of one request at the most. */
  readonly attempts: number;
  /** The request's time, from when it has been read. */
  readonly deadlineMs: number;
  /** What becomes of a response that comes after its invocation's own time. */
  readonly late: "discard" | "deliver";
}

/** An invocation as the policy sees it; times are monotonic. */
export interface AttemptView {
  /** Undefined while it waits for a process. */
  readonly startedMs: number | undefined;
  readonly end: { readonly atMs: number; readonly kind: "replied" | "failed" } | undefined;
}

/** A request as the policy sees it. */
export interface RequestView {
  readonly nowMs: number;
  readonly readMs: number;
  readonly attempts: readonly AttemptView[];
  /** False once the client has left or the server drains: nothing further is started. */
  readonly mayStart: boolean;
  /** Whether the next attempt is announced, so that a process is made ready for it. */
  readonly isNextExpected: boolean;
}

/** What the supervisor has to do now. */
export type Step =
  | { readonly kind: "start" }
  | { readonly kind: "expect" }
  | { readonly kind: "answer"; readonly attempt: number }
  | { readonly kind: "give-up" }
  | { readonly kind: "wait"; readonly untilMs: number };

/** How long before an attempt is due a process is made ready for it. */
const leadMs = 1_000;
/** With a short timeout, this part of it. */
const leadPart = 0.5;

const start: Step = { kind: "start" };
const expect: Step = { kind: "expect" };
const giveUp: Step = { kind: "give-up" };

/** Decides about a request: pure, so that every rule of supervision is a row of a table in a test. */
export function nextStep(policy: InvocationPolicy, view: RequestView): Step {
  const { attempts, nowMs, readMs } = view;
  if (attempts.length === 0) return start;
  const answering = findAnswer(policy, attempts);
  if (answering >= 0) return { kind: "answer", attempt: answering };
  const endMs = readMs + policy.deadlineMs;
  if (nowMs >= endMs) return giveUp;
  const startMs = nextStartMs(policy, view);
  const dueMs = startMs !== undefined && startMs < endMs ? startMs : undefined;
  if (dueMs !== undefined && nowMs >= dueMs) return start;
  const expectMs = dueMs === undefined || view.isNextExpected
    ? undefined
    : dueMs - Math.min(leadMs, policy.timeoutMs * leadPart);
  if (expectMs !== undefined && nowMs >= expectMs) return expect;
  const hopeMs = expectMs ?? dueMs ?? lastHopeMs(policy, view);
  if (hopeMs !== undefined) return { kind: "wait", untilMs: Math.min(hopeMs, endMs) };
  const failed = policy.late === "deliver" ? attempts.findIndex(hasFailed) : -1;
  return failed >= 0 ? { kind: "answer", attempt: failed } : giveUp;
}

/** The attempt that answers at once: the first within its own time, or, if late ones count, any. */
function findAnswer(policy: InvocationPolicy, attempts: readonly AttemptView[]): number {
  // A loop: a callback would be made anew for each request.
  for (let index = 0; index < attempts.length; index++) {
    const attempt = attempts[index];
    if (attempt && isAnswer(policy, attempt)) return index;
  }
  return -1;
}

function isAnswer(policy: InvocationPolicy, attempt: AttemptView): boolean {
  return policy.late === "deliver" ? attempt.end?.kind === "replied" : endedInTime(policy, attempt);
}

/** When the next attempt is due; undefined when none will be started, or the last one waits. */
function nextStartMs(policy: InvocationPolicy, view: RequestView): number | undefined {
  const { attempts, mayStart } = view;
  if (!mayStart || attempts.length >= policy.attempts) return undefined;
  for (const attempt of attempts) {
    if (hasFailed(attempt) && endedInTime(policy, attempt)) return undefined;
  }
  const startedMs = attempts.at(-1)?.startedMs;
  return startedMs === undefined ? undefined : startedMs + policy.timeoutMs;
}

/** Until when an attempt under way can still answer; undefined when none can. */
function lastHopeMs(policy: InvocationPolicy, { attempts, nowMs }: RequestView) {
  let hopeMs: number | undefined;
  for (const { startedMs, end } of attempts) {
    if (end) continue;
    const untilMs = startedMs === undefined || policy.late === "deliver"
      ? Infinity
      : startedMs + policy.timeoutMs;
    if (untilMs > nowMs) hopeMs = Math.max(hopeMs ?? 0, untilMs);
  }
  return hopeMs;
}

function endedInTime(policy: InvocationPolicy, { startedMs, end }: AttemptView): boolean {
  return startedMs !== undefined && end !== undefined && end.atMs - startedMs <= policy.timeoutMs;
}

function hasFailed({ end }: AttemptView): boolean {
  return end?.kind === "failed";
}
