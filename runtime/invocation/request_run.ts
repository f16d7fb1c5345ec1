import type { Clock } from "../base/clock.ts";
import { Unreachable } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import type { Call, Failure, Refusal, Reply } from "../protocol/call.ts";
import type { Recorder } from "../protocol/records.ts";
import { Attempt, toRecord } from "./attempt.ts";
import { type InvocationPolicy, nextStep, type RequestView, type Step } from "./policy.ts";
import type { Deployment, ServedRelease, ServedTask, Slot } from "./release.ts";

/** Invocations of one request. */
const maxAttempts = 1;

/** A request that has been read and admitted: all of a call but what each attempt adds. */
export type AdmittedCall = Omit<Call, "traceId" | "attempt" | "deadlineMs">;

/** What the supervisor found to tell the client. */
export type Answer =
  | { readonly kind: "replied"; readonly traceId: string; readonly reply: Reply }
  | { readonly kind: "failed"; readonly traceId: string; readonly failure: Failure }
  | { readonly kind: "timed-out"; readonly traceId: string | undefined }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "client-left"; readonly traceId: string | undefined };

/** Where a call is to run. */
export interface Target {
  readonly deployment: Deployment;
  readonly release: ServedRelease;
  readonly task: ServedTask;
}

/** A supervised request, as the gateway sees it. */
export interface SupervisedRequest {
  readonly answer: Promise<Answer>;
  /** The client has left. */
  clientGone(): void;
}

/** What a supervisor needs. */
export interface SupervisorOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly recorder: Recorder;
}

/** Those a run belongs to. */
export interface RunOwner {
  /** Whether further attempts may be started. */
  readonly mayStart: boolean;
  /** Nothing is left of the run. */
  finished(run: RequestRun): void;
}

/** What a run is made of. */
export interface RunParts {
  readonly target: Target;
  readonly call: AdmittedCall;
  readonly options: SupervisorOptions;
  readonly owner: RunOwner;
}

/**
 * One request under supervision. `nextStep` decides, this obeys; one timer wakes it for whatever
 * comes next. It is finished when it is answered and no invocation of it is left.
 */
export class RequestRun implements SupervisedRequest {
  readonly #parts: RunParts;
  readonly #policy: InvocationPolicy;
  readonly #attempts: Attempt[] = [];
  readonly #answered = Promise.withResolvers<Answer>();
  #readMs = 0;
  /** INVARIANT: set exactly once, before `#answered` resolves. */
  #answeredBy: Attempt | "nobody" | undefined;
  #isClientGone = false;
  #cancelTimer: (() => void) | undefined;
  /** When the policy wants to be asked again, while the request is open. */
  #waitUntilMs = Infinity;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#policy = toPolicy(parts.target.task);
  }

  get answer(): Promise<Answer> {
    return this.#answered.promise;
  }

  /** The request has just been read: its times count from here. */
  start(): void {
    this.#readMs = this.#nowMs();
    this.#advance(this.#readMs);
  }

  clientGone(): void {
    if (this.#answeredBy !== undefined) return;
    this.#isClientGone = true;
    for (const { slot, isRunning } of this.#attempts) if (isRunning) slot?.abort("ClientGone");
    this.#settle({ kind: "client-left", traceId: this.#lastTraceId() }, "nobody");
    this.#advance(this.#nowMs());
  }

  #nowMs(): number {
    return this.#parts.options.clock.monotonicMs();
  }

  /** Looks at where things stand and does what is due; called on every event. */
  #advance(nowMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    while (this.#answeredBy === undefined) {
      if (!this.#obey(nextStep(this.#policy, this.#view(nowMs)))) break;
    }
    this.#watchOverdue(nowMs);
    this.#recordEnded();
    this.#rest(nowMs);
  }

  #view(nowMs: number): RequestView {
    return {
      nowMs,
      readMs: this.#readMs,
      attempts: this.#attempts,
      mayStart: !this.#isClientGone && this.#parts.owner.mayStart,
    };
  }

  /** Returns whether something changed, so that another look is worth it. */
  #obey(step: Step): boolean {
    switch (step.kind) {
      case "start":
        this.#startAttempt();
        return true;
      case "answer":
        this.#answerBy(step.attempt);
        return true;
      case "give-up":
        this.#settle({ kind: "timed-out", traceId: this.#lastTraceId() }, "nobody");
        return true;
      case "wait":
        this.#waitUntilMs = step.untilMs;
        return false;
      default:
        throw new Unreachable(step);
    }
  }

  #startAttempt(): void {
    const { options, target: { release, task } } = this.#parts;
    const attempt = new Attempt(this.#attempts.length + 1, options.ids.traceId());
    this.#attempts.push(attempt);
    attempt.cancel = release.pool.request({
      task: task.name,
      concurrency: task.settings.concurrency,
      onSlot: (slot) => this.#runIn(slot, attempt),
      onRefused: (refusal) => this.#refused(refusal),
    });
  }

  #runIn(slot: Slot, attempt: Attempt): void {
    const { call, options: { clock } } = this.#parts;
    const isQueued = attempt.cancel !== undefined;
    attempt.cancel = undefined;
    attempt.slot = slot;
    attempt.startedMs = this.#nowMs();
    attempt.startedAt = clock.wallMs();
    const deadlineMs = attempt.startedAt + this.#policy.timeoutMs;
    slot.run(toCall(call, attempt, deadlineMs), (ending) => {
      const nowMs = this.#nowMs();
      attempt.settle(ending, nowMs);
      this.#advance(nowMs);
    });
    // The timer so far was for the wait in the queue.
    if (isQueued) this.#advance(attempt.startedMs);
  }

  #refused(refusal: Refusal): void {
    this.#settle({ kind: "refused", refusal }, "nobody");
    this.#attempts.pop();
    this.#rest(this.#nowMs());
  }

  #answerBy(index: number): void {
    const attempt = this.#attempts[index];
    const ending = attempt?.ending;
    if (!attempt || !ending) return;
    const { traceId } = attempt;
    const answer: Answer = ending.kind === "replied"
      ? { kind: "replied", traceId, reply: ending.reply }
      : { kind: "failed", traceId, failure: ending.failure };
    this.#settle(answer, attempt);
  }

  #settle(answer: Answer, by: Attempt | "nobody"): void {
    if (this.#answeredBy !== undefined) return;
    this.#answeredBy = by;
    // Nobody waits for an attempt that has no process yet.
    for (const attempt of this.#attempts) attempt.cancel?.();
    this.#answered.resolve(answer);
  }

  /** Past its own timeout an invocation runs on, watched; past `maxDuration` it is ended. */
  #watchOverdue(nowMs: number): void {
    const { timeoutMs, maxDurationMs } = this.#parts.target.task.settings;
    for (const attempt of this.#attempts) {
      const { slot, startedMs } = attempt;
      if (!attempt.isRunning || !slot || startedMs === undefined) continue;
      if (!attempt.isOverdue && nowMs - startedMs >= timeoutMs) {
        attempt.isOverdue = true;
        slot.abort("Overdue");
        slot.overdue();
      }
      if (nowMs - startedMs >= maxDurationMs) {
        slot.kill(`an invocation ran longer than maxDuration, ${maxDurationMs} ms`);
      }
    }
  }

  /** A failure that may yet answer is recorded once it is known whether it did. */
  #recordEnded(): void {
    const { call, options, target: { deployment, release } } = this.#parts;
    const isOpen = this.#answeredBy === undefined && this.#policy.late === "deliver";
    for (const attempt of this.#attempts) {
      if (attempt.isRecorded || !attempt.end || isOpen) continue;
      attempt.isRecorded = true;
      options.recorder.invocationEnded(toRecord(attempt, {
        call,
        deployment: deployment.hostname,
        release: release.id,
        delivered: attempt === this.#answeredBy,
      }));
    }
  }

  /** Sleeps until the next thing is due, or ends. */
  #rest(nowMs: number): void {
    if (this.#answeredBy !== undefined && !this.#attempts.some(({ isRunning }) => isRunning)) {
      this.#cancelTimer?.();
      return this.#parts.owner.finished(this);
    }
    const wakeMs = this.#nextWakeMs();
    if (wakeMs === Infinity) return;
    this.#cancelTimer = this.#parts.options.clock.after(
      Math.max(0, wakeMs - nowMs),
      () => this.#advance(this.#nowMs()),
    );
  }

  #nextWakeMs(): number {
    let wakeMs = this.#answeredBy === undefined ? this.#waitUntilMs : Infinity;
    const { timeoutMs, maxDurationMs } = this.#parts.target.task.settings;
    for (const { isRunning, isOverdue, startedMs = 0 } of this.#attempts) {
      if (isRunning) wakeMs = Math.min(wakeMs, startedMs + (isOverdue ? maxDurationMs : timeoutMs));
    }
    return wakeMs;
  }

  #lastTraceId(): string | undefined {
    return this.#attempts.findLast(({ startedMs }) => startedMs !== undefined)?.traceId;
  }
}

function toPolicy({ settings }: ServedTask): InvocationPolicy {
  const { timeoutMs, deadlineMs, late } = settings;
  return { timeoutMs, deadlineMs, late, attempts: maxAttempts };
}

/** Spelled out: a spread here is the most expensive line of a short request. */
function toCall(call: AdmittedCall, attempt: Attempt, deadlineMs: number): Call {
  const { requestId, task, method, url, headers, body } = call;
  const { traceId, number } = attempt;
  return { requestId, traceId, attempt: number, task, method, url, headers, deadlineMs, body };
}
