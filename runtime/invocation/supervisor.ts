import type { Clock } from "../base/clock.ts";
import { Unreachable } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import type { Call, Failure, Refusal, Reply } from "../protocol/call.ts";
import { Attempt, toRecord } from "./attempt.ts";
import { type InvocationPolicy, nextStep, type Step } from "./policy.ts";
import type { Recorder } from "../protocol/records.ts";
import type { Deployment, ServedRelease, ServedTask, Slot } from "./release.ts";

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

/** Sees requests through: starts their invocations, and follows each to its end. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #runs = new Set<RequestRun>();
  #isDraining = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Requests with an invocation that waits or runs, answered or not. */
  get size(): number {
    return this.#runs.size;
  }

  /** Starts to supervise a request that has just been read. */
  run(target: Target, call: AdmittedCall): SupervisedRequest {
    const run: RequestRun = new RequestRun(target, call, {
      ...this.#options,
      mayStart: () => !this.#isDraining,
      onFinished: () => this.#runs.delete(run),
    });
    this.#runs.add(run);
    run.advance();
    return run;
  }

  /** Starts no further attempts. */
  drain(): void {
    this.#isDraining = true;
  }
}

interface RunOptions extends SupervisorOptions {
  mayStart(): boolean;
  onFinished(): void;
}

/**
 * One request under supervision. `nextStep` decides, this obeys; one timer wakes it for whatever
 * comes next. It is finished when it is answered and no invocation of it is left.
 */
class RequestRun implements SupervisedRequest {
  readonly #target: Target;
  readonly #call: AdmittedCall;
  readonly #options: RunOptions;
  readonly #attempts: Attempt[] = [];
  readonly #readMs: number;
  readonly #policy: InvocationPolicy;
  readonly #answered = Promise.withResolvers<Answer>();
  /** INVARIANT: set exactly once, before `#answered` resolves. */
  #answeredBy: Attempt | "nobody" | undefined;
  #isClientGone = false;
  #cancelTimer: (() => void) | undefined;
  /** When the policy wants to be asked again, while the request is open. */
  #waitUntilMs = Infinity;

  constructor(target: Target, call: AdmittedCall, options: RunOptions) {
    this.#target = target;
    this.#call = call;
    this.#options = options;
    this.#policy = { ...target.task.settings, attempts: 1 };
    this.#readMs = options.clock.monotonicMs();
  }

  get answer(): Promise<Answer> {
    return this.#answered.promise;
  }

  clientGone(): void {
    if (this.#answeredBy !== undefined) return;
    this.#isClientGone = true;
    for (const { slot, isRunning } of this.#attempts) if (isRunning) slot?.abort("ClientGone");
    this.#settle({ kind: "client-left", traceId: this.#lastTraceId() }, "nobody");
    this.advance();
  }

  /** Looks at where things stand and does what is due; called on every event. */
  advance(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    while (this.#answeredBy === undefined) {
      const step = nextStep(this.#policy, this.#view());
      if (!this.#obey(step)) break;
    }
    this.#watchOverdue();
    this.#recordEnded();
    this.#rest();
  }


  #view() {
    return {
      nowMs: this.#options.clock.monotonicMs(),
      readMs: this.#readMs,
      attempts: this.#attempts,
      mayStart: !this.#isClientGone && this.#options.mayStart(),
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
    const { ids } = this.#options;
    const { release, task } = this.#target;
    const attempt = new Attempt(this.#attempts.length + 1, ids.traceId());
    this.#attempts.push(attempt);
    attempt.cancel = release.pool.request({
      task: task.name,
      concurrency: task.settings.concurrency,
      onSlot: (slot) => this.#runIn(slot, attempt),
      onRefused: (refusal) => this.#refused(refusal),
    });
  }

  #runIn(slot: Slot, attempt: Attempt): void {
    const { clock } = this.#options;
    const isQueued = attempt.cancel !== undefined;
    attempt.cancel = undefined;
    attempt.slot = slot;
    attempt.startedMs = clock.monotonicMs();
    attempt.startedAt = clock.wallMs();
    const deadlineMs = attempt.startedAt + this.#policy.timeoutMs;
    const { traceId, number } = attempt;
    slot.run({ ...this.#call, traceId, attempt: number, deadlineMs }, (ending) => {
      attempt.settle(ending, clock.monotonicMs());
      this.advance();
    });
    // The timer so far was for the wait in the queue.
    if (isQueued) this.advance();
  }

  #refused(refusal: Refusal): void {
    this.#settle({ kind: "refused", refusal }, "nobody");
    this.#attempts.pop();
    this.#rest();
  }

  #answerBy(index: number): void {
    const attempt = this.#attempts[index];
    const { ending, traceId = "" } = attempt ?? {};
    if (!attempt || !ending) return;
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
  #watchOverdue(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const { timeoutMs, maxDurationMs } = this.#target.task.settings;
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
    const { deployment, release } = this.#target;
    const isOpen = this.#answeredBy === undefined && this.#policy.late === "deliver";
    for (const attempt of this.#attempts) {
      if (attempt.isRecorded || !attempt.end || isOpen) continue;
      attempt.isRecorded = true;
      this.#options.recorder.invocationEnded(toRecord(attempt, {
        call: this.#call,
        deployment: deployment.hostname,
        release: release.id,
        delivered: attempt === this.#answeredBy,
      }));
    }
  }

  /** Sleeps until the next thing is due, or ends. */
  #rest(): void {
    const isAnswered = this.#answeredBy !== undefined;
    if (isAnswered && !this.#attempts.some(({ isRunning }) => isRunning)) {
      this.#cancelTimer?.();
      return this.#options.onFinished();
    }
    const nowMs = this.#options.clock.monotonicMs();
    const wakeMs = this.#nextWakeMs();
    if (wakeMs === Infinity) return;
    const delayMs = Math.max(0, wakeMs - nowMs);
    this.#cancelTimer = this.#options.clock.after(delayMs, () => this.advance());
  }

  #nextWakeMs(): number {
    let wakeMs = this.#answeredBy === undefined ? this.#waitUntilMs : Infinity;
    const { timeoutMs, maxDurationMs } = this.#target.task.settings;
    for (const { isRunning, isOverdue, startedMs = 0 } of this.#attempts) {
      if (!isRunning) continue;
      wakeMs = Math.min(wakeMs, startedMs + (isOverdue ? maxDurationMs : timeoutMs));
    }
    return wakeMs;
  }

  #lastTraceId(): string | undefined {
    return this.#attempts.findLast(({ startedMs }) => startedMs !== undefined)?.traceId;
  }
}
