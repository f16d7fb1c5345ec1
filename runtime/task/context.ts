import type { Call } from "../protocol/call.ts";
import { type DecisionStore, InvocationAccess } from "./access.ts";
import { toParams } from "./params.ts";
import { CallRequest } from "./request.ts";
import { createDraft, type Draft, DraftResponse } from "./response.ts";
import type {
  Access,
  Invocation,
  Params,
  TaskContext,
  TaskRequest,
  TaskResponse,
} from "./types.ts";

/** The functions of the author, in the order they run. */
export type RunStage = "authenticate" | "handler";

/** What a task may know of where it runs, and how it hears that it should stop. */
export interface RunScope {
  /** The hostname of the deployment. */
  readonly hostname: string;
  readonly environment: string;
  readonly app: string;
  /** The signal of this invocation, the same at each call; made when a task first asks. */
  signal(): AbortSignal;
  /** A function of the author is about to be called. */
  began(stage: RunStage): void;
}

/** What a run and the context it hands to the author share; authors reach none of it. */
export interface RunState extends DecisionStore {
  readonly call: Call;
  readonly scope: RunScope;
  /** Made when the author asks for `response`. */
  draft: Draft | undefined;
  authContext: unknown;
}

/** The context of one invocation. Members are made when read: most tasks name two or three. */
export class InvocationContext implements TaskContext {
  readonly #state: RunState;
  #request: TaskRequest | undefined;
  #response: TaskResponse | undefined;
  #params: Params | undefined;
  #access: Access | undefined;
  #invocation: Invocation | undefined;

  constructor(state: RunState) {
    this.#state = state;
  }

  get request(): TaskRequest {
    return this.#request ??= new CallRequest(this.#state.call, this.#state.scope.hostname);
  }

  get response(): TaskResponse {
    return this.#response ??= new DraftResponse(this.#state.draft ??= createDraft());
  }

  get params(): Params {
    return this.#params ??= toParams(this.#state.call, this.request.text());
  }

  get access(): Access {
    return this.#access ??= new InvocationAccess(this.#state);
  }

  get authContext(): unknown {
    return this.#state.authContext;
  }

  get signal(): AbortSignal {
    return this.#state.scope.signal();
  }

  get invocation(): Invocation {
    return this.#invocation ??= toInvocation(this.#state.call, this.#state.scope);
  }
}

function toInvocation(call: Call, scope: RunScope): Invocation {
  return {
    traceId: call.traceId,
    requestId: call.requestId,
    attempt: call.attempt,
    deadline: new Date(call.deadlineMs),
    hostname: scope.hostname,
    environment: scope.environment,
    app: scope.app,
    task: call.task,
  };
}
