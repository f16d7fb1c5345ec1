import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../base/clock.ts";
import { countOf } from "../base/count_of.ts";
import { IdTable } from "../base/id_table.ts";
import type { Call, Failure, RunEnding, RunResult } from "../protocol/call.ts";
import type { AbortReason, DeploymentFacts, OutputLine } from "../protocol/messages.ts";
import type { RunScope, RunStage } from "../task/context.ts";
import { type Meter, Stopwatch } from "./stopwatch.ts";

/** Output beyond this many lines of one invocation is counted, not sent. */
export const maxOutputLines = 1000;
/** For how long lines dropped after the end of an invocation are counted before it is told. */
export const lateReportMs = 1_000;

/** The reason an invocation's signal aborts with; `name` says which. */
export class InvocationAborted extends Error {
  override readonly name: AbortReason;

  constructor(name: AbortReason) {
    super(abortMessages[name]);
    this.name = name;
  }
}

const abortMessages: Readonly<Record<AbortReason, string>> = {
  ClientGone: "The client has left; the invocation runs on and its response is not delivered",
  Overdue: "The invocation has run longer than its timeout",
  Draining: "The server stops in a few seconds",
};

/** What a scope needs of the worker it belongs to. */
export interface ScopeOwner {
  readonly deployment: DeploymentFacts;
  readonly clock: Pick<Clock, "after">;
  readonly meter: Meter;
  ended(scope: InvocationScope, ending: RunEnding): void;
  printed(scope: InvocationScope, line: OutputLine): void;
}

/** One running invocation: its signal, its output, and the one place where it ends. */
export class InvocationScope implements RunScope {
  /** Its number on the connection to the gateway. */
  readonly id: number;
  readonly call: Call;
  readonly #owner: ScopeOwner;
  readonly #stopwatch: Stopwatch;
  #controller: AbortController | undefined;
  #abortReason: InvocationAborted | undefined;
  #outputLines = 0;
  #hasEnded = false;
  #isReportDue = false;

  constructor(id: number, call: Call, owner: ScopeOwner) {
    this.id = id;
    this.call = call;
    this.#owner = owner;
    this.#stopwatch = new Stopwatch(owner.meter);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get hostname(): string {
    return this.#owner.deployment.hostname;
  }

  get environment(): string {
    return this.#owner.deployment.environment;
  }

  get app(): string {
    return this.#owner.deployment.app;
  }

  /** The signal the task sees, made when it is first asked for. */
  signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#abortReason) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  began(stage: RunStage): void {
    this.#stopwatch.began(stage);
  }

  /** Aborts the signal; the first reason wins. */
  abort(reason: AbortReason): void {
    if (this.#abortReason) return;
    this.#abortReason = new InvocationAborted(reason);
    this.#controller?.abort(this.#abortReason);
  }

  /** Sends a line of output, up to the limit of the invocation. */
  print(line: OutputLine): void {
    this.#outputLines += 1;
    if (this.#outputLines <= maxOutputLines) this.#owner.printed(this, line);
    else if (this.#hasEnded) this.#reportDroppedLater();
  }

  /** Settles the invocation; only the first result counts, a later failure is told as output. */
  end(result: RunResult): void {
    if (this.#hasEnded) return this.#tellLate(result);
    this.#reportDroppedLines();
    this.#hasEnded = true;
    this.#owner.ended(this, { ...result, figures: this.#stopwatch.stop() });
  }

  /** Fails the invocation; one that has ended keeps its result. */
  fail(failure: Failure): void {
    this.end({ kind: "failed", failure });
  }

  #tellLate(result: RunResult): void {
    if (result.kind !== "failed") return;
    const { message, stack = message } = result.failure;
    this.print({ level: "error", text: `Error after the end of the invocation: ${stack}` });
  }

  /** There is no last moment to tell at: what goes on printing is told of again and again. */
  #reportDroppedLater(): void {
    if (this.#isReportDue) return;
    this.#isReportDue = true;
    this.#owner.clock.after(lateReportMs, () => {
      this.#isReportDue = false;
      this.#reportDroppedLines();
    });
  }

  #reportDroppedLines(): void {
    const dropped = this.#outputLines - maxOutputLines;
    if (dropped <= 0) return;
    this.#outputLines = maxOutputLines;
    const text = `dropped ${
      countOf(dropped, "more line")
    } of output: the limit is ${maxOutputLines}`;
    this.#owner.printed(this, { level: "warn", text, omittedLines: dropped });
  }
}

/** The invocations of a worker, and which of them the running code belongs to. */
export class Scopes {
  readonly #storage = withOwnMethods(new AsyncLocalStorage<InvocationScope>());
  readonly #running = new IdTable<InvocationScope>();
  /** `exit()` of the storage does not reach into an import under Deno; this does. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #isEnteredKept = this.#outside(isEnteredKept);

  get size(): number {
    return this.#running.size;
  }

  /** The invocation on whose behalf the code runs, as far as the runtime knows. */
  current(): InvocationScope | undefined {
    return this.#storage.getStore();
  }

  all(): readonly InvocationScope[] {
    return this.#running.items();
  }

  find(id: number): InvocationScope | undefined {
    return this.#running.find(id);
  }

  /**
   * Runs code on behalf of an invocation, which counts as running until `delete`. It finds nothing that
   * another has entered before in a storage of its own.
   */
  run(scope: InvocationScope, code: (scope: InvocationScope) => void): void {
    this.#running.add(scope.id, scope);
    if (this.#isEnteredKept) this.#outside(this.#enter, scope, code);
    else this.#enter(scope, code);
  }

  readonly #enter = (scope: InvocationScope, code: (scope: InvocationScope) => void): void =>
    this.#storage.run(scope, code, scope);

  /** Runs code on behalf of no invocation, whoever asks for it: what modules start is nobody's. */
  outside<T>(code: () => T): T {
    return this.#outside(code);
  }

  delete({ id }: InvocationScope): void {
    this.#running.delete(id);
  }
}

/**
 * Whether what is entered within a run reaches what comes after it: so it is on Bun. Where it is not,
 * to start from nothing would cost each invocation microseconds.
 */
function isEnteredKept(): boolean {
  const [outer, inner] = [new AsyncLocalStorage<true>(), new AsyncLocalStorage<true>()];
  outer.run(true, () => inner.enterWith(true));
  return inner.getStore() === true;
}

/** Task code may replace the methods of the class, and would be given every scope. */
function withOwnMethods(storage: AsyncLocalStorage<InvocationScope>) {
  const { run, getStore } = storage;
  return Object.assign(storage, { run, getStore });
}
