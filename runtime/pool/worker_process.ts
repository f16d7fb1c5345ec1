import type { CancelTimer } from "../base/clock.ts";
import { RuntimeError, Unreachable } from "../base/errors.ts";
import type { Child, Connection, ExitStatus } from "../platform/platform.ts";
import type { DeathState, Ending, Failure, OwnedCall, TaskShape } from "../protocol/call.ts";
import { FrameWriter } from "../protocol/frames.ts";
import { type AbortReason, type BootMessage, type WorkerMessage } from "../protocol/messages.ts";
import { OutputLines } from "./output_lines.ts";
import { writeGatewayMessage } from "../protocol/gateway_codec.ts";
import { parseWorkerMessage } from "../protocol/worker_codec.ts";
import type { WorkerStart } from "./worker_start.ts";

/** From SIGTERM to SIGKILL. */
const graceMs = 5_000;

/** The states of a worker process, see `WorkerProcess`. */
export type WorkerState = "starting" | "ready" | "retiring" | "stopping" | "ended";

const edges: Readonly<Record<WorkerState, readonly WorkerState[]>> = {
  starting: ["ready", "stopping", "ended"],
  ready: ["retiring", "stopping", "ended"],
  retiring: ["stopping", "ended"],
  stopping: ["ended"],
  ended: [],
};

/**
 * One worker process, from its start to its end.
 *
 * - `starting`: started, has not connected or not described its tasks. → ready, stopping, ended
 * - `ready`: takes calls. → retiring, stopping, ended
 * - `retiring`: takes no more calls, finishes those it runs. → stopping, ended
 * - `stopping`: asked to end, by a hang-up or a signal; force follows. → ended
 * - `ended`: reaped; every call it ran has been told.
 */
export class WorkerProcess {
  readonly #start: WorkerStart;
  readonly #child: Child;
  readonly #token: string;
  readonly #running = new Map<number, OwnedCall>();
  readonly #runningByTask = new Map<string, number>();
  readonly #output: OutputLines;
  readonly #timers = new Set<CancelTimer>();
  #writer = new FrameWriter(() => {});
  #connection: Connection | undefined;
  #state: WorkerState = "starting";
  /** Whether it has ever taken calls; a process may be stopped before. */
  #wasReady = false;
  #nextId = 1;
  #loading: string | undefined;
  /** The first reason given for the end of the process; all reports derive from it. */
  #endReason: { readonly message: string; readonly culprit: number | undefined } | undefined;
  #endState: DeathState = "CRASHED";
  /** Resolves when the process has been reaped. */
  readonly ended: Promise<void>;

  /** @throws {RuntimeError} `spawn_failed` when the system starts no process. */
  constructor(start: WorkerStart) {
    this.#start = start;
    this.#token = start.hub.expect({
      onConnect: (connection) => this.#connected(connection),
      onFrame: (frame) => this.#handle(parseWorkerMessage(frame)),
      onClose: (fault) => this.#disconnected(fault),
    });
    this.#child = this.#spawn();
    this.#output = new OutputLines(this.#child.pid, start.events.onOutput);
    this.#after(start.startTimeoutMs, () => this.#startOverdue());
    this.ended = this.#child.exited.then((status) => this.#exited(status));
  }

  get pid(): number {
    return this.#child.pid;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Calls under way. */
  get runningCount(): number {
    return this.#running.size;
  }

  /** Calls of one task under way. */
  runningOf(task: string): number {
    return this.#runningByTask.get(task) ?? 0;
  }

  /** Hands a call to the process; returns its number here. */
  run(call: OwnedCall): number {
    const id = this.#nextId++;
    this.#running.set(id, call);
    this.#runningByTask.set(call.task, this.runningOf(call.task) + 1);
    writeGatewayMessage(this.#writer, { kind: "call", id, call });
    return id;
  }

  /** Aborts the signal of a call that still runs. */
  abort(id: number, reason: AbortReason): void {
    if (this.#running.has(id)) writeGatewayMessage(this.#writer, { kind: "abort", id, reason });
  }

  /** Aborts the signal of every call. */
  abortAll(reason: AbortReason): void {
    for (const id of this.#running.keys()) this.abort(id, reason);
  }

  /** Takes no more calls; ends once those it runs have ended. */
  retire(): void {
    if (this.#state === "starting") return this.stop("it is not needed any more");
    if (this.#state !== "ready") return;
    this.#enter("retiring");
    this.#start.events.onRetired();
    this.#hangUpWhenIdle();
  }

  /** Ends the process for the sake of one of its calls: the others are told who took them down. */
  killFor(id: number, message: string): void {
    if (this.#running.has(id)) this.stop(message, { culprit: id });
  }

  /** Asks the process to end, and forces it after a while. */
  stop(message: string, options: { culprit?: number; state?: DeathState } = {}): void {
    this.#endReason ??= { message, culprit: options.culprit };
    if (this.#state === "stopping" || this.#state === "ended") return;
    this.#endState = options.state ?? "CRASHED";
    this.#enter("stopping");
    this.#child.kill("SIGTERM");
    this.#after(graceMs, () => this.#child.kill("SIGKILL"));
  }

  /** Ends the process at once, whatever it does. */
  kill(message: string, state: DeathState = "CRASHED"): void {
    this.stop(message, { state });
    this.#child.kill("SIGKILL");
  }

  #spawn(): Child {
    const { platform, hub, boot, env } = this.#start;
    const bootMessage: BootMessage = { ...boot, socket: hub.socketPath, token: this.#token };
    try {
      return platform.spawn({
        command: platform.selfCommand("worker"),
        cwd: boot.dir,
        env,
        stdin: JSON.stringify(bootMessage),
        onOutput: (stream, bytes) => this.#output.push(stream, bytes, [...this.#running.values()]),
      });
    } catch (error) {
      hub.forget(this.#token);
      throw error;
    }
  }

  #connected(connection: Connection): void {
    this.#connection = connection;
    this.#writer = new FrameWriter((bytes) => connection.write(bytes));
    if (this.#start.describe) writeGatewayMessage(this.#writer, { kind: "describe" });
    else this.#ready(undefined);
  }

  #ready(shapes: ReadonlyMap<string, TaskShape> | undefined): void {
    if (this.#state !== "starting") return;
    this.#enter("ready");
    this.#wasReady = true;
    this.#start.events.onReady(shapes);
  }

  #handle(message: WorkerMessage): void {
    switch (message.kind) {
      case "replied":
      case "failed":
        return this.#endCall(message.id, message);
      case "output":
        return this.#output.print(message.line, this.#running.get(message.id));
      case "loading":
        this.#loading = message.task;
        return;
      case "shapes":
        return this.#ready(message.shapes);
      case "hello":
        throw new RuntimeError("bad_message", "Cannot accept a second hello on a connection");
      default:
        throw new Unreachable(message);
    }
  }

  #endCall(id: number, ending: Ending): void {
    const running = this.#running.get(id);
    if (!running) throw new RuntimeError("bad_message", `Cannot end call ${id}: it does not run`);
    this.#running.delete(id);
    const { task } = running;
    this.#runningByTask.set(task, this.runningOf(task) - 1);
    running.onEnd(ending);
    if (this.#state === "ready") this.#start.events.onFree();
    else this.#hangUpWhenIdle();
  }

  #hangUpWhenIdle(): void {
    if (this.#state !== "retiring" || this.#running.size > 0) return;
    this.#endReason ??= { message: "it was retired", culprit: undefined };
    this.#enter("stopping");
    this.#connection?.close();
    this.#after(graceMs, () => this.#child.kill("SIGKILL"));
  }

  #startOverdue(): void {
    if (this.#state !== "starting") return;
    const at = this.#loading === undefined ? "" : `, loading task "${this.#loading}"`;
    this.kill(`it was not ready after ${this.#start.startTimeoutMs} ms${at}`);
  }

  /** The connection is the process's only use: without it, it ends. */
  #disconnected(fault: string | undefined): void {
    if (this.#state === "ended") return;
    if (fault !== undefined) this.kill(fault);
    // A process that ends by itself closes first and is reaped a moment later.
    else this.#after(graceMs, () => this.kill("it closed its connection"));
  }

  #exited(status: ExitStatus): void {
    this.#enter("ended");
    for (const cancel of this.#timers) cancel();
    this.#start.hub.forget(this.#token);
    this.#output.end();
    this.#tellRunning(status);
    this.#start.events.onEnded(this.#failure(status), this.#wasReady);
  }

  #tellRunning(status: ExitStatus): void {
    const culprit = this.#endReason?.culprit;
    const culpritCall = culprit === undefined ? undefined : this.#running.get(culprit);
    for (const [id, call] of this.#running) {
      const failure = this.#failure(status);
      if (id === culprit) {
        call.onEnd({ kind: "died", state: "KILLED", failure });
      } else {
        const because = culpritCall ? `, taken down by trace ${culpritCall.traceId}` : "";
        const message = failure.message + because;
        call.onEnd({ kind: "died", state: this.#endState, failure: { ...failure, message } });
      }
    }
    this.#running.clear();
  }

  #failure(status: ExitStatus): Failure {
    const how = status.signal ? `signal ${status.signal}` : `exit code ${status.code}`;
    const why = this.#endReason ? `: ${this.#endReason.message}` : "";
    return {
      code: this.#wasReady ? "crashed" : "start_failed",
      message: `The process of the task ended with ${how}${why}`,
      stack: this.#output.errorTail,
      publicMessage: undefined,
    };
  }

  #after(delayMs: number, action: () => void): void {
    this.#timers.add(this.#start.clock.after(delayMs, action));
  }

  #enter(next: WorkerState): void {
    if (!edges[this.#state].includes(next)) {
      throw new RuntimeError("worker_failed", `Cannot go from "${this.#state}" to "${next}"`);
    }
    this.#state = next;
  }
}
