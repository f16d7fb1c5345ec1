import type { Call, Reply, RunResult } from "../../runtime/protocol/call.ts";
import type { RunScope } from "../../runtime/task/context.ts";
import { toTaskModule } from "../../runtime/task/load.ts";
import { runTask } from "../../runtime/task/run.ts";
import type { AuthenticateArguments, HandlerArguments } from "../../runtime/task/types.ts";

/** A call of task `hello`; a string body stands for its UTF-8 bytes. */
export function callOf(options: Partial<Omit<Call, "body">> & { body?: string | Uint8Array } = {}) {
  const { body, ...others } = options;
  const call: Call = {
    requestId: "0123456789abcdef0123456789abcdef",
    traceId: "fedcba9876543210fedcba9876543210",
    firstTraceId: "fedcba9876543210fedcba9876543210",
    attempt: 1,
    task: "hello",
    method: "GET",
    url: "http://acme.localhost:8787/hello",
    headers: {},
    deadlineMs: 1_700_000_000_000,
    ...others,
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  };
  return call;
}

/** A POST with a JSON body. */
export function postOf(body: string, options: Partial<Omit<Call, "body">> = {}): Call {
  return callOf({
    method: "POST",
    headers: { "content-type": "application/json" },
    ...options,
    body,
  });
}

/** The scope of a deployment on hostname `acme`. */
export function scopeOf(signal: AbortSignal = new AbortController().signal): RunScope {
  return {
    hostname: "acme",
    environment: "testing",
    app: "acme-app",
    signal: () => signal,
    began() {},
  };
}

/** Lets everyone in. */
export function authenticate({ access }: AuthenticateArguments) {
  return access.authorized();
}

/** Runs the exports of a task, to which a permissive `authenticate` is added. */
export async function run(
  exports: Record<string, unknown>,
  call: Call = callOf(),
): Promise<RunResult> {
  const module = toTaskModule({ authenticate, ...exports }, "/app/hello.ts");
  return await runTask(module, call, scopeOf());
}

/** Runs a GET handler and returns its reply. */
export async function replyTo(get: (args: HandlerArguments) => unknown): Promise<Reply> {
  return replyOf(await run({ get }));
}

/** Runs a GET handler and returns why it failed, as `code: message`. */
export async function failureOf(get: (args: HandlerArguments) => unknown): Promise<string> {
  return describeFailure(await run({ get }));
}

/** The reply of a run that must have one. */
export function replyOf(result: RunResult): Reply {
  if (result.kind === "replied") return result.reply;
  throw new Error(`Cannot find a reply: ${describeFailure(result)}`);
}

/** The failure of a run that must have one, as `code: message`. */
export function describeFailure(result: RunResult): string {
  if (result.kind === "replied") throw new Error("Cannot find a failure: the run replied");
  return `${result.failure.code}: ${result.failure.message}`;
}
