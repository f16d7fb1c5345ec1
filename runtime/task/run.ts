import type { Call, Failure, Reply, RunResult } from "../protocol/call.ts";
import { findDecision } from "./access.ts";
import { InvocationContext, type RunScope, type RunState } from "./context.ts";
import { failure, toFailure } from "./failure.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { InvalidJsonError } from "./invalid_json.ts";
import type { TaskFunction, TaskModule } from "./load.ts";
import { toReply } from "./reply.ts";
import { createDraft } from "./response.ts";

/** What stands for a `response` that the author never asked for. */
const silentDraft = Object.freeze(createDraft());

/** The functions of the author that a call needs. */
interface Steps {
  readonly authenticate: TaskFunction;
  readonly handler: TaskFunction;
}

type Stage = "authenticate" | "handler" | "reply";

/**
 * Runs a task for a call: `authenticate`, then the handler of its method. Whatever the author's
 * code does, the promise resolves; it stays pending for as long as that code runs.
 */
export async function runTask(module: TaskModule, call: Call, scope: RunScope): Promise<RunResult> {
  const steps = findSteps(module, call);
  if ("failure" in steps) return failed(steps.failure);
  const state = createState(call, scope);
  const context = new InvocationContext(state);
  let stage: Stage = "authenticate";
  try {
    const verdict = steps.authenticate.call(context, context);
    const result = isThenable(verdict) ? await verdict : verdict;
    const decision = findDecision(state, result);
    if (decision === undefined) return failed(illegalResult(result, call));
    if (decision.kind === "unauthorized") return replied(decision.reply, call);
    state.authContext = decision.context;
    stage = "handler";
    const answer = steps.handler.call(context, context);
    const returned = isThenable(answer) ? await answer : answer;
    stage = "reply";
    const reply = toReply(returned, state.draft ?? silentDraft);
    return replied(reply instanceof Promise ? await reply : reply, call);
  } catch (error) {
    return failed(explain(error, { stage, call }));
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
