import { AsyncLocalStorage } from "node:async_hooks";
import type { Call, Failure, RunResult } from "../protocol/call.ts";
import type { AbortReason, DeploymentFacts, OutputLine } from "../protocol/messages.ts";
import type { RunScope } from "../task/context.ts";

/** Output beyond this many lines of one invocation is counted, not sent. */
export const maxOutputLines = 1000;

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
  ended(scope: InvocationScope, result: RunResult): void;
  printed(scope: InvocationScope, line: OutputLine): void;
}

/** One running invocation: its signal, its output, and the one place where it ends. */
export class InvocationScope implements RunScope {
  /** Its number on the connection to the gateway. */
  readonly id: number;
  readonly call: Call;
  readonly #owner: ScopeOwner;
  #controller: AbortController | undefined;
  #abortReason: InvocationAborted | undefined;
  #outputLines = 0;
  #isEnded = false;

  constructor(id: number, call: Call, owner: ScopeOwner) {
    this.id = id;
    this.call = call;
    this.#owner = owner;
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
  }

  /** Settles the invocation; only the first result counts. */
  end(result: RunResult): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#reportDroppedLines();
    this.#owner.ended(this, result);
  }

  /** Fails the invocation, unless it has ended. */
  fail(failure: Failure): void {
    this.end({ kind: "failed", failure });
  }

  #reportDroppedLines(): void {
    const dropped = this.#outputLines - maxOutputLines;
    if (dropped <= 0) return;
    const text = `${dropped} more lines of output were dropped: the limit is ${maxOutputLines}`;
    this.#owner.printed(this, { level: "warn", text });
  }
}

/** The invocations of a worker, and which of them the running code belongs to. */
export class Scopes {
  readonly #storage = new AsyncLocalStorage<InvocationScope>();
  readonly #running = new Map<number, InvocationScope>();

  get size(): number {
    return this.#running.size;
  }

  /** The invocation on whose behalf the code runs, as far as the runtime knows. */
  current(): InvocationScope | undefined {
    return this.#storage.getStore();
  }

  all(): readonly InvocationScope[] {
    return [...this.#running.values()];
  }

  find(id: number): InvocationScope | undefined {
    return this.#running.get(id);
  }

  /** Runs code on behalf of an invocation, which counts as running until `delete`. */
  run(scope: InvocationScope, code: (scope: InvocationScope) => void): void {
    this.#running.set(scope.id, scope);
    this.#storage.run(scope, code, scope);
  }

  delete({ id }: InvocationScope): void {
    this.#running.delete(id);
  }
}
