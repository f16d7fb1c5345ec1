import { builtInTaskSettings, type TaskSettings } from "../../runtime/base/task_settings.ts";
import type { ProcessPool, Slot, SlotRequest, Target } from "../../runtime/invocation/release.ts";
import type {
  Call,
  Ending,
  Failure,
  OwnedCall,
  Refusal,
  Reply,
  TaskShape,
} from "../../runtime/protocol/call.ts";
import type { AbortReason } from "../../runtime/protocol/messages.ts";
import {
  copyRequest,
  type InvocationRecord,
  type OverdueInvocation,
  type Recorder,
  type RequestRecord,
  type RunningInvocation,
  type TaskOutput,
} from "../../runtime/protocol/records.ts";
import { plainCall } from "../protocol/support.ts";

/** A reply of status 200 with a text. */
export function replyOf(body = "hello", more: Partial<Reply> = {}): Reply {
  return { status: 200, contentType: "text/plain", headers: undefined, body, ...more };
}

/** An ending with a reply. */
export function replied(body?: string, more?: Partial<Reply>): Ending {
  return { kind: "replied", reply: replyOf(body, more) };
}

/** A failure of a handler. */
export function failureOf(message: string): Failure {
  return { code: "handler_failed", message, stack: `Error: ${message}`, publicMessage: undefined };
}

/** An ending with a failure. */
export function failed(message = "Cannot go on"): Ending {
  return { kind: "failed", failure: failureOf(message) };
}

/** An ending by the death of the process. */
export function killed(message: string): Ending {
  return { kind: "died", state: "KILLED", failure: { ...failureOf(message), code: "crashed" } };
}

/** A slot that notes what is asked of it; a test ends its call. */
export class FakeSlot implements Slot {
  readonly pid: number;
  /** What happened to it, in order. */
  readonly events: string[] = [];
  call: Call | undefined;
  #owner: OwnedCall | undefined;

  constructor(pid: number) {
    this.pid = pid;
  }

  run(call: OwnedCall): void {
    this.call = plainCall(call);
    this.#owner = call;
  }

  abort(reason: AbortReason): void {
    this.events.push(`abort ${reason}`);
  }

  overdue(): void {
    this.events.push("overdue");
  }

  kill(message: string): void {
    this.events.push(`kill: ${message}`);
  }

  end(ending: Ending): void {
    this.#leave().onEnd(ending);
  }

  /** Its process has not started the call. */
  giveBack(): void {
    this.#leave().onReturned();
  }

  #leave(): OwnedCall {
    const owner = this.#owner;
    this.#owner = undefined;
    if (!owner) throw new Error("Cannot end this call: it has ended, or never began");
    return owner;
  }
}

/** A pool of places that a test hands out; by default at once. */
export class FakePool implements ProcessPool {
  shapes: ReadonlyMap<string, TaskShape> | undefined;
  /** Whether requests wait for `serve`. */
  isFull = false;
  refusal: Refusal | undefined;
  readonly slots: FakeSlot[] = [];
  readonly asked: Pick<SlotRequest, "task" | "concurrency" | "needsNewProcess">[] = [];
  /** Requests that it has been told to expect. */
  readonly expected = new Set<SlotRequest>();
  /** Who holds it. */
  holds = 0;
  #queue: readonly SlotRequest[] = [];
  /** Answers every call at once, where set. */
  onCall: ((call: Call) => Ending) | undefined;

  get queueLength(): number {
    return this.#queue.length;
  }

  shapeOf(task: string): TaskShape | undefined {
    return this.shapes?.get(task);
  }

  describeTask(_task: string, _signal: AbortSignal): Promise<void> {
    return Promise.resolve();
  }

  hold(): void {
    this.holds += 1;
  }

  release(): void {
    this.holds -= 1;
  }

  expect(request: SlotRequest): void {
    this.expected.add(request);
  }

  request(request: SlotRequest): boolean {
    const { task, concurrency, needsNewProcess } = request;
    this.expected.delete(request);
    this.asked.push({ task, concurrency, needsNewProcess });
    if (this.refusal) request.onRefused(this.refusal);
    else if (this.isFull) this.#queue = [...this.#queue, request];
    else this.#give(request);
    return !this.#queue.includes(request);
  }

  requestAgain(request: SlotRequest): void {
    if (this.refusal) request.onRefused(this.refusal);
    else if (this.isFull) this.#queue = [request, ...this.#queue];
    else this.#give(request);
  }

  cancel(request: SlotRequest): void {
    this.expected.delete(request);
    this.#queue = this.#queue.filter((other) => other !== request);
  }

  /** Gives places to all that wait. */
  serve(): void {
    for (const request of this.#takeQueue()) this.#give(request);
  }

  /** Refuses all that wait. */
  refuse(refusal: Refusal): void {
    for (const request of this.#takeQueue()) request.onRefused(refusal);
  }

  #takeQueue(): readonly SlotRequest[] {
    const queue = this.#queue;
    this.#queue = [];
    return queue;
  }

  #give(request: SlotRequest): void {
    const slot = new FakeSlot(100 + this.slots.length);
    this.slots.push(slot);
    request.onSlot(slot);
    if (this.onCall && slot.call) slot.end(this.onCall(slot.call));
  }
}

/** A recorder that keeps everything. */
export class FakeRecorder implements Recorder {
  readonly running: RunningInvocation[] = [];
  readonly returned: RunningInvocation[] = [];
  readonly overdue: OverdueInvocation[] = [];
  readonly invocations: InvocationRecord[] = [];
  readonly requests: RequestRecord[] = [];
  readonly outputs: TaskOutput[] = [];

  invocationRunning(running: RunningInvocation): void {
    this.running.push(running);
  }

  invocationReturned(returned: RunningInvocation): void {
    this.returned.push(returned);
  }

  invocationOverdue(overdue: OverdueInvocation): void {
    this.overdue.push(overdue);
  }

  invocationEnded(record: InvocationRecord): void {
    this.invocations.push(record);
  }

  requestEnded(record: RequestRecord): void {
    this.requests.push(copyRequest(record));
  }

  output(output: TaskOutput): void {
    this.outputs.push(output);
  }
}

/** The built-in settings of a task, but one attempt, and what is given. */
export function settingsOf(settings: Partial<TaskSettings> = {}): TaskSettings {
  return { ...builtInTaskSettings, attempts: 1, ...settings };
}

/** Task `hello` of release `r1` of deployment `acme`. */
export function targetOf(pool: ProcessPool, settings: Partial<TaskSettings> = {}): Target {
  const task = { name: "hello", settings: settingsOf(settings) };
  const release = { id: "r1", tasks: new Map([[task.name, task]]), pool };
  const deployment = {
    hostname: "acme",
    environment: "testing",
    app: "acme-app",
    active: release,
  };
  return { deployment, release, task };
}
