import { settlesWithin } from "../base/deadline.ts";
import { RuntimeError, Unreachable } from "../base/errors.ts";
import { TimerSet } from "../base/timer_set.ts";
import type { ExitStatus } from "../platform/platform.ts";
import type { Ending, OwnedCall } from "../protocol/call.ts";
import type { AbortReason, WorkerMessage } from "../protocol/messages.ts";
import {
  blockedForNobody,
  type EndCause,
  isFinal,
  killedForMemory,
  type StopReason,
  tellOfDeath,
  toProcessEnd,
} from "./process_end.ts";
import { Pulse } from "./pulse.ts";
import { type CallLoad, RunningCalls } from "./running_calls.ts";
import { StartWatch } from "./start_watch.ts";
import type { Describer } from "./task_shapes.ts";
import { WorkerChild } from "./worker_child.ts";
import { WorkerLine } from "./worker_line.ts";
import type { WorkerStart } from "./worker_start.ts";
import { nextState, type WorkerState } from "./worker_state.ts";

/** From SIGTERM to SIGKILL. */
const graceMs = 5_000;
/** For a process whose connection is gone to end by itself, which says more than its killing. */
const goneMs = 200;
/** For what a process sent before its end to arrive. */
const lastFramesMs = 1_000;

/**
 * One worker process, from its start to its end.
 *
 * - `starting`: started, has not connected or not described its tasks. → ready, stopping, ended
 * - `ready`: takes calls. → stalled, retiring, stopping, ended
 * - `stalled`: its event loop does not turn: takes no calls. → ready, retiring, stopping, ended
 * - `retiring`: takes no more calls, finishes those it runs. → stopping, ended
 * - `stopping`: asked to end, by a hang-up or a signal; force follows. → ended
 * - `ended`: reaped; every call it ran has been told.
 */
export class WorkerProcess {
  readonly #start: WorkerStart;
  readonly #line: WorkerLine;
  readonly #child: WorkerChild;
  readonly #timers: TimerSet;
  readonly #running: RunningCalls;
  readonly #pulse = new Pulse();
  readonly #startWatch: StartWatch;
  /** When it was started, on the monotonic clock. */
  readonly startedMs: number;
  #state: WorkerState = "starting";
  /** Whether it has ever taken calls; a process may be stopped before. */
  #wasReady = false;
  #retireCause: EndCause = "retired";
  /** The first reason given for the end of the process; all reports derive from it. */
  #reason: StopReason | undefined;
  /** Resolves when the process has been reaped. */
  readonly ended: Promise<void>;

  /** @throws {RuntimeError} `spawn_failed` when the system starts no process. */
  constructor(start: WorkerStart) {
    this.#start = start;
    this.#timers = new TimerSet(start.clock);
    this.startedMs = start.clock.monotonicMs();
    this.#running = new RunningCalls(start);
    this.#line = new WorkerLine(start.hub, {
      onMessage: (message) => this.#handle(message),
      onClose: (fault) => this.#closed(fault),
    });
    const running = () => this.#running.startedUpTo(this.#child.lastStarted);
    this.#child = new WorkerChild(start, { line: this.#line, running });
    this.#startWatch = new StartWatch({
      timers: this.#timers,
      tasks: start.boot.tasks,
      onSlow: () => this.#start.events.onSlow(),
      onOverdue: (reason) => this.kill(reason),
    });
    this.ended = this.#child.exited.then((status) => this.#exited(status));
  }

  get #nowMs(): number {
    return this.#start.clock.monotonicMs();
  }

  get pid(): number {
    return this.#child.pid;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** The task it loaded ahead of a call. */
  get preloaded(): string | undefined {
    return this.#start.preload;
  }

  /** While it is finding out what tasks export; dying, it may yet tell which one it died of. */
  get describer(): Describer | undefined {
    return this.#start.describe && !this.#wasReady ? this.#startWatch : undefined;
  }

  /** The calls it has been sent and has not ended. */
  get calls(): CallLoad {
    return this.#running;
  }

  /** Hands a call to the process; returns its number here. */
  run(call: OwnedCall): number {
    const id = this.#running.add(call);
    this.#line.sendCall(id, call);
    return id;
  }

  /** Aborts the signal of a call that still runs. */
  abort(id: number, reason: AbortReason): void {
    if (this.#running.find(id)) this.#line.send({ kind: "abort", id, reason });
  }

  /** Aborts the signal of every call. */
  abortAll(reason: AbortReason): void {
    for (const id of this.#running.ids()) this.abort(id, reason);
  }

  /** Looks whether its event loop turns; to be called every 100 ms or so while it has calls. */
  watch(nowMs: number): void {
    if (this.#running.size === 0 && this.#state !== "stalled") return this.#pulse.heard();
    const sign = this.#pulse.look(nowMs);
    if (sign === "ask") this.#line.ping();
    else if (sign === "blocked") this.#stall(nowMs);
    else if (sign === "alive") this.#recover();
  }

  /** Takes no more calls; ends once those it runs have ended. */
  retire(cause: EndCause = "retired"): void {
    if (this.#state === "starting") return this.stop({ cause, message: "it is not needed" });
    if (this.#state !== "ready" && this.#state !== "stalled") return;
    this.#retireCause = cause;
    this.#enter("retiring");
    this.#hangUpWhenIdle();
  }

  /** Ends the process for the sake of one of its calls: the others are told who took them down. */
  killFor(id: number, message: string): void {
    const culprit = this.#running.find(id);
    if (culprit) this.stop({ cause: "max-duration", code: "max_duration", message, culprit });
  }

  /** Asks the process to end, and forces it after a while. */
  stop(reason: StopReason): void {
    if (this.#state === "stopping" || this.#state === "ended") return;
    this.#reason ??= reason;
    this.#enter("stopping");
    this.#child.kill("SIGTERM");
    this.#timers.after(graceMs, () => this.#child.kill("SIGKILL"));
  }

  /** Ends the process at once, whatever it does. */
  kill(reason: StopReason): void {
    this.stop(reason);
    this.#child.kill("SIGKILL");
  }

  /** INVARIANT: a worker knows our clock before its first call, as the call is measured by it. */
  #synced(): void {
    this.#line.sendClock(this.#nowMs);
    if (!this.#startWatch.connected()) return;
    this.#start.events.onConnected();
    const { describe, preload } = this.#start;
    if (preload !== undefined) this.#line.send({ kind: "preload", task: preload });
    if (!describe) return this.#ready();
    this.#startWatch.expectLoading();
    this.#line.send({ kind: "describe", ...describe });
  }

  #ready(): void {
    if (this.#state !== "starting") return;
    this.#startWatch.end();
    this.#enter("ready");
    this.#wasReady = true;
    this.#running.open({ showsStarts: Number.isFinite(this.#child.lastStarted) });
    this.#start.events.onReady();
  }

  #handle(message: WorkerMessage): void {
    this.#pulse.heard();
    switch (message.kind) {
      case "replied":
      case "failed":
        return this.#endCall(message.id, message);
      case "output":
        return this.#child.print(message.line, this.#running.find(message.id));
      case "late_output":
        return this.#child.print(message.line, message.of);
      case "ask":
        // It came late to its worker, and may have been taken back in the meantime.
        return this.#line.answer(this.#running.letStart(message.id, this.#nowMs), this.#nowMs);
      case "returned":
        return this.#giveBack(this.#running.takeReturned(message.ids));
      case "sync":
        return this.#synced();
      case "pong":
        return this.#line.ponged();
      case "loading":
        return this.#startWatch.began(message.task);
      case "loaded":
        this.#startWatch.finished(message.task);
        return this.#start.events.onShape(message.task, message.shape);
      case "described":
        return this.#ready();
      case "hello":
        throw new RuntimeError("bad_message", "Cannot accept a second hello on a connection");
      default:
        throw new Unreachable(message);
    }
  }

  #endCall(id: number, ending: Ending): void {
    const call = this.#running.end(id);
    if (!call) throw new RuntimeError("bad_message", `Cannot end call ${id}: it does not run`);
    call.onEnd(ending);
    if (this.#state === "ready") this.#start.events.onFree();
    else this.#hangUpWhenIdle();
  }

  #hangUpWhenIdle(): void {
    if (this.#state !== "retiring" || this.#running.size > 0) return;
    this.#reason ??= { cause: this.#retireCause, message: "it was not needed any more" };
    this.#enter("stopping");
    this.#line.hangUp();
    this.#timers.after(graceMs, () => this.#child.kill("SIGKILL"));
  }

  /** Its event loop does not turn: what it has not started is for others. */
  #stall(nowMs: number): void {
    if (this.#state === "ready") this.#enter("stalled");
    this.#giveBack(this.#running.takeUnstarted(this.#child.lastStarted, nowMs));
    if (this.#running.size > 0) return;
    if (this.#state === "stalled") this.stop(blockedForNobody);
    else this.#hangUpWhenIdle();
  }

  #recover(): void {
    if (this.#state !== "stalled") return;
    this.#enter("ready");
    this.#start.events.onFree();
  }

  /** The connection is the process's only use: without it, it ends. */
  #closed(fault: string | undefined): void {
    if (this.#state === "ended") return;
    if (fault !== undefined) return this.kill({ cause: "bad-message", message: fault });
    if (this.#state !== "stopping") this.#enter("stopping");
    // A process that ends by itself closes first and is reaped a moment later.
    this.#timers.after(goneMs, () => {
      this.#reason ??= { cause: "exited", message: "it closed its connection" };
      this.#child.kill("SIGKILL");
    });
  }

  /** What it sent before its end counts, as far as it has sent it. */
  async #exited(status: ExitStatus): Promise<void> {
    await settlesWithin(this.#line.drained, lastFramesMs);
    this.#enter("ended");
    this.#timers.cancelAll();
    this.#line.forget();
    const { lastStarted, errorTail, wasKilledForMemory } = this.#child.bury();
    if (wasKilledForMemory) this.#reason ??= killedForMemory;
    const [reason, { loading }] = [this.#reason, this.#startWatch];
    const end = toProcessEnd({ status, reason, wasReady: this.#wasReady, loading, errorTail });
    const unstarted = this.#running.takeNeverStarted(isFinal(reason) ? Infinity : lastStarted);
    tellOfDeath(this.#running.takeAll(), { reason, failure: end.failure });
    this.#giveBack(unstarted);
    this.#start.events.onEnded(end);
  }

  #giveBack(calls: readonly OwnedCall[]): void {
    if (calls.length > 0) this.#start.events.onReturned(calls);
  }

  #enter(next: WorkerState): void {
    const tookCalls = this.#state === "ready";
    this.#state = nextState(this.#state, next);
    if (tookCalls && next !== "ended") this.#start.events.onUnavailable();
  }
}
