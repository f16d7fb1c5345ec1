import type { Call, Failure, Reply, RunResult } from "../protocol/call.ts";
import { findDecision } from "./access.ts";
import { InvocationContext, type RunScope, type RunState } from "./context.ts";
import { failure, toFailure } from "./failure.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { InvalidJsonError } from "./invalid_json.ts";
import type { TaskFunction, TaskModule } from "./load.ts";
import { toReply } from "./reply.ts";

/** The functions of the author that a call needs. */
interface Steps {
  readonly authenticate: TaskFunction;
  readonly handler: TaskFunction;
}

type Stage = keyof Steps | "reply";

/**
 * Runs a task for a call: `authenticate`, then the handler of its method. Whatever the author's
 * code does, it comes to a result and never rejects; a promise stays pending for as long as that
 * code runs, and a task that waits for nothing has its result at once.
 */
export function runTask(
  module: TaskModule,
  call: Call,
  scope: RunScope,
): RunResult | Promise<RunResult> {
  const steps = findSteps(module, call);
  if ("failure" in steps) return failed(steps.failure);
  return new TaskRun(steps, createState(call, scope)).authenticate();
}

/**
 * One run of a task, step by step: authenticate → decide → handler → reply. Each goes straight on to
 * the next unless the author's code returned a promise: for a short task, waiting for a value that is
 * there already costs more than all the rest.
 */
class TaskRun {
  readonly #steps: Steps;
  readonly #state: RunState;
  readonly #context: InvocationContext;

  constructor(steps: Steps, state: RunState) {
    this.#steps = steps;
    this.#state = state;
    this.#context = new InvocationContext(state);
  }

  authenticate(): RunResult | Promise<RunResult> {
    return this.#call("authenticate");
  }

  /** Calls a function of the author and goes on with what it returns. */
  #call(stage: keyof Steps): RunResult | Promise<RunResult> {
    let value: unknown;
    this.#state.scope.began(stage);
    try {
      value = this.#steps[stage].call(this.#context, this.#context);
      if (isThenable(value)) return this.#await(stage, value);
    } catch (error) {
      return this.#fail(stage, error);
    }
    return this.#goOn(stage, value);
  }

  async #await(stage: keyof Steps, pending: PromiseLike<unknown>): Promise<RunResult> {
    let value: unknown;
    try {
      value = await pending;
    } catch (error) {
      return this.#fail(stage, error);
    }
    return await this.#goOn(stage, value);
  }

  #goOn(stage: keyof Steps, value: unknown): RunResult | Promise<RunResult> {
    return stage === "authenticate" ? this.#decide(value) : this.#reply(value);
  }

  #decide(verdict: unknown): RunResult | Promise<RunResult> {
    const { call } = this.#state;
    const decision = findDecision(this.#state, verdict);
    if (decision === undefined) return failed(illegalResult(verdict, call));
    if (decision.kind === "unauthorized") return replied(decision.reply, call);
    this.#state.authContext = decision.context;
    return this.#call("handler");
  }

  #reply(returned: unknown): RunResult | Promise<RunResult> {
    const { call } = this.#state;
    try {
      const reply = toReply(returned, this.#state);
      return reply instanceof Promise ? this.#awaitReply(reply) : replied(reply, call);
    } catch (error) {
      return this.#fail("reply", error);
    }
  }

  async #awaitReply(pending: Promise<Reply>): Promise<RunResult> {
    try {
      return replied(await pending, this.#state.call);
    } catch (error) {
      return this.#fail("reply", error);
    }
  }

  #fail(stage: Stage, error: unknown): RunResult {
    return failed(explain(error, { stage, call: this.#state.call }));
  }
}

function findSteps(module: TaskModule, call: Call): Steps | { readonly failure: Failure } {
  if (module.kind === "broken") return module;
  const { authenticate, handlers } = module;
  if (authenticate === undefined) {
    const message = `Cannot run task "${call.task}": missing export "authenticate": add it`;
    return { failure: failure("authenticate_missing", message) };
  }
  const isHead = call.method === "HEAD";
  const handler = handlers.get(call.method) ?? (isHead ? handlers.get("GET") : undefined);
  if (handler === undefined) {
    const message = `Cannot run task "${call.task}": no handler for ${call.method}`;
    return { failure: failure("handler_missing", message) };
  }
  return { authenticate, handler };
}

function createState(call: Call, scope: RunScope): RunState {
  return { call, scope, lastDecision: undefined, draft: undefined, authContext: undefined };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "object" && typeof value !== "function") return false;
  return value !== null && "then" in value && typeof value.then === "function";
}

function illegalResult(result: unknown, call: Call): Failure {
  const got = result === null ? "null" : typeof result;
  return failure(
    "authenticate_illegal",
    `Cannot accept the result of authenticate of task "${call.task}" as it must be what ` +
      `access.authorized() or access.unauthorized() returned in this invocation: got ${got}`,
  );
}

function explain(thrown: unknown, { stage, call }: { stage: Stage; call: Call }): Failure {
  const task = `task "${call.task}"`;
  if (stage === "authenticate") {
    return toFailure("authenticate_failed", `run authenticate of ${task}`, thrown);
  }
  if (stage === "reply" || IllegalResponse.is(thrown)) {
    return toFailure("response_illegal", `send the answer of ${task}`, thrown);
  }
  const publicMessage = InvalidJsonError.publicMessageOf(thrown);
  const code = publicMessage === undefined ? "handler_failed" : "invalid_json";
  const plain = toFailure(code, `run the ${call.method} handler of ${task}`, thrown);
  return { ...plain, publicMessage };
}

function replied(reply: Reply, call: Call): RunResult {
  return { kind: "replied", reply: call.method === "HEAD" ? withoutBody(reply) : reply };
}

/** An answer to HEAD keeps everything but its body, its length too. Source: RFC 9110 §9.3.2. */
function withoutBody(reply: Reply): Reply {
  const { body, headers = [] } = reply;
  if (body.length === 0) return reply;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  return { ...reply, body: "", headers: [...headers, ["content-length", String(length)]] };
}

function failed(failure: Failure): RunResult {
  return { kind: "failed", failure };
}
