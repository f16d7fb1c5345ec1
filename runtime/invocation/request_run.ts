import type { BagItem } from "../base/bag.ts";
import type { TaskSettings } from "../base/task_settings.ts";
import type { Clock } from "../base/clock.ts";
import { Unreachable } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import type { Ending, Refusal } from "../protocol/call.ts";
import type { Recorder } from "../protocol/records.ts";
import { type AdmittedCall, Attempt, type AttemptEvents } from "./attempt.ts";
import type { Answer, SupervisedRequest, WaitingClient } from "./answer.ts";
import {
  nextOverdueMs,
  recordReturned,
  recordRunning,
  type WatchedRequest,
  watchOverdue,
} from "./overdue.ts";
import { nextStep, type RequestView, type Step } from "./policy.ts";
import type { Slot, Target } from "./release.ts";

/** A wait of at least this long gets its timer only when the request lingers. */
const lazyFromMs = 200;
const sweepsToLinger = 2;

/** What a supervisor needs. */
export interface SupervisorOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly recorder: Recorder;
}

/** Those a run belongs to. */
export interface RunOwner {
  readonly options: SupervisorOptions;
  /** Whether further attempts may be started. */
  readonly mayStart: boolean;
  /** Nothing is left of the run. */
  finished(run: RequestRun): void;
}

/** What a run is made of. */
export interface RunParts {
  readonly target: Target;
  readonly call: AdmittedCall;
  readonly client: WaitingClient;
}

/**
 * One request under supervision. `nextStep` decides, this obeys; one timer wakes it for whatever
 * comes next. It is finished when it is answered and no invocation of it is left.
 */
export class RequestRun
  implements SupervisedRequest, RequestView, WatchedRequest, AttemptEvents, BagItem {
  bagIndex = -1;
  readonly attempts: Attempt[] = [];
  readMs = 0;
  nowMs = 0;
  readonly #target: Target;
  readonly #call: AdmittedCall;
  readonly #client: WaitingClient;
  readonly #owner: RunOwner;
  /** The attempt that is due next, once it is announced. */
  #next: Attempt | undefined;
  /** Found, and not yet told to the client. */
  #answer: Answer | undefined;
  /** INVARIANT: set exactly once, together with `#answer`. */
  #answeredBy: Attempt | "nobody" | undefined;
  #isClientGone = false;
  /** No process takes anything of this request any more. */
  #isRefused = false;
  /** How often it was found open; it lingers from the second time on. */
  #sweeps = 0;
  #cancelTimer: (() => void) | undefined;
  /** When the policy wants to be asked again, while the request is open. */
  #waitUntilMs = Infinity;

  constructor({ target, call, client }: RunParts, owner: RunOwner) {
    this.#target = target;
    this.#call = call;
    this.#client = client;
    this.#owner = owner;
  }

  get mayStart(): boolean {
    return !this.#isClientGone && !this.#isRefused && this.#owner.mayStart;
  }

  get settings(): TaskSettings {
    return this.#target.task.settings;
  }

  get recorder(): Recorder {
    return this.#owner.options.recorder;
  }

  get isNextExpected(): boolean {
    return this.#next !== undefined;
  }

  /** The request has been read: its times count from there. */
  start(): void {
    this.#tick();
    this.readMs = this.nowMs - this.#client.waitedMs;
    this.#advance();
  }

  /** Has been found open by a sweep; found twice, it is told of, and gets timers of its own. */
  sweep(): void {
    this.#sweeps += 1;
    if (!this.#isLingering) return;
    recordRunning(this.attempts, this.recorder);
    if (this.#sweeps > sweepsToLinger) return;
    if (this.#answeredBy === undefined) this.#client.onLinger(this);
    this.#tick();
    this.#advance();
  }

  get #isLingering(): boolean {
    return this.#sweeps >= sweepsToLinger;
  }

  clientGone(): void {
    if (this.#answeredBy !== undefined) return;
    this.#isClientGone = true;
    for (const { slot, isRunning } of this.attempts) if (isRunning) slot?.abort("ClientGone");
    this.#settle({ kind: "client-left", traceId: this.#lastTraceId() }, "nobody");
    this.#tick();
    this.#advance();
  }

  onSlot(attempt: Attempt, slot: Slot): void {
    const { clock } = this.#owner.options;
    // Without a wait it is still the moment of the request.
    if (attempt.hasWaited) this.#tick();
    attempt.startedMs = this.nowMs;
    attempt.startedAt = clock.wallMs();
    slot.run(attempt);
    // The timer so far was for the wait in the queue.
    if (attempt.hasWaited && this.#isLingering) this.#advance();
    else if (attempt.hasWaited) this.#rest();
  }

  onRefused(attempt: Attempt, refusal: Refusal): void {
    this.#remove(attempt);
    this.#isRefused = true;
    // What runs can still answer.
    if (this.attempts.length > 0) return this.#advance();
    this.#settle({ kind: "refused", refusal }, "nobody");
    this.#rest();
    this.#tellClient();
  }

  /** Its process has not started it: as though it had never been handed over. */
  onReturned(attempt: Attempt): void {
    this.#tick();
    recordReturned(attempt, this.recorder);
    attempt.unstart();
    if (this.#answeredBy !== undefined) this.#remove(attempt);
    else this.#target.release.pool.requestAgain(attempt);
    this.#advance();
  }

  onEnd(attempt: Attempt, ending: Ending): void {
    this.#tick();
    attempt.settle(ending, this.nowMs);
    this.#advance();
  }

  #tick(): void {
    this.nowMs = this.#owner.options.clock.monotonicMs();
  }

  /** Looks at where things stand and does what is due; called on every event. */
  #advance(): void {
    while (this.#answeredBy === undefined) {
      if (!this.#obey(nextStep(this.settings, this))) break;
    }
    watchOverdue(this);
    this.#recordEnded();
    this.#rest();
    this.#tellClient();
  }

  /** Returns whether something changed, so that another look is worth it. */
  #obey(step: Step): boolean {
    switch (step.kind) {
      case "start":
        this.#startAttempt();
        return true;
      case "expect":
        this.#next = this.#createAttempt();
        this.#target.release.pool.expect(this.#next);
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
    const attempt = this.#next ?? this.#createAttempt();
    this.#next = undefined;
    this.attempts.push(attempt);
    attempt.requestedMs = this.nowMs;
    if (!this.#target.release.pool.request(attempt)) attempt.hasWaited = true;
  }

  #createAttempt(): Attempt {
    return new Attempt({
      call: this.#call,
      target: this.#target,
      previous: this.attempts.at(-1),
      ids: this.#owner.options.ids,
    }, this);
  }

  #remove(attempt: Attempt): void {
    const at = this.attempts.indexOf(attempt);
    if (at >= 0) this.attempts.splice(at, 1);
  }

  #answerBy(index: number): void {
    const attempt = this.attempts[index];
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
    this.#answer = answer;
    // Nobody waits any more for attempts that have no process yet.
    const { pool } = this.#target.release;
    for (const attempt of this.attempts) if (attempt.isWaiting) pool.cancel(attempt);
    if (this.#next) pool.cancel(this.#next);
    this.#next = undefined;
  }

  #tellClient(): void {
    const answer = this.#answer;
    if (!answer) return;
    this.#answer = undefined;
    this.#client.onAnswer(answer);
  }

  /** A failure that may yet answer is recorded once it is known whether it did. */
  #recordEnded(): void {
    const isOpen = this.#answeredBy === undefined && this.settings.late === "deliver";
    for (const attempt of this.attempts) {
      if (attempt.isRecorded || !attempt.end || isOpen) continue;
      attempt.isRecorded = true;
      const delivered = attempt === this.#answeredBy;
      this.recorder.invocationEnded(attempt.toRecord({ delivered }));
    }
  }

  /** Sleeps until the next thing is due, or ends. */
  #rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#answeredBy !== undefined && !this.#hasRunning()) return this.#owner.finished(this);
    const delayMs = Math.max(0, this.#nextWakeMs() - this.nowMs);
    const isLater = !this.#isLingering && delayMs >= lazyFromMs;
    if (!isLater && delayMs < Infinity) this.#wakeAfter(delayMs);
  }

  #hasRunning(): boolean {
    for (const { isRunning } of this.attempts) if (isRunning) return true;
    return false;
  }

  /** Apart from `#rest`, which would pay for the callback even when it sets no timer. */
  #wakeAfter(delayMs: number): void {
    this.#cancelTimer = this.#owner.options.clock.after(delayMs, () => {
      this.#tick();
      this.#advance();
    });
  }

  #nextWakeMs(): number {
    const overdueMs = nextOverdueMs(this.attempts, this.settings);
    return this.#answeredBy === undefined ? Math.min(this.#waitUntilMs, overdueMs) : overdueMs;
  }

  #lastTraceId(): string | undefined {
    return this.attempts.findLast(({ startedMs }) => startedMs !== undefined)?.traceId;
  }
}
