import type { Call, Failure, Reply, TaskShape } from "./call.ts";

/** Why an invocation's signal aborts: SPEC'd names that `signal.reason.name` shows to the task. */
export type AbortReason = "ClientGone" | "Overdue" | "Draining";

/** How loud a line of task output is. */
export type OutputLevel = "debug" | "info" | "warn" | "error";

/** A longer line of output is cut, in the worker or where raw output is read. */
export const maxOutputChars = 16 * 1024;

/** One line a task printed, or something webtaskd says about its run. */
export interface OutputLine {
  readonly level: OutputLevel;
  readonly text: string;
}

/** What a worker is told on its standard input before it connects. */
export interface BootMessage {
  /** The gateway's Unix socket. */
  readonly socket: string;
  /** Proves to the gateway which process connects; good for one connection. */
  readonly token: string;
  /** The folder of the release. */
  readonly dir: string;
  /** The author's folder it was made from, which stacks name instead of `dir`. */
  readonly sourceDir: string;
  /** Web tasks and their files, relative to `dir`. */
  readonly tasks: Readonly<Record<string, string>>;
  readonly deployment: DeploymentFacts;
  /** What `DB` is to the tasks; without it, they find no models. */
  readonly database?: DatabaseFacts | undefined;
}

/** Where the database of a deployment is, and what it holds. */
export interface DatabaseFacts {
  /** `null` where tasks are only looked at. */
  readonly dir: string | null;
  /** The data model as JSON, read by `database/`; `null` for an app without one. */
  readonly dataModel: unknown;
}

/** What a task can know of where it runs. */
export interface DeploymentFacts {
  readonly hostname: string;
  readonly environment: string;
  readonly app: string;
}

/** From gateway to worker; `id` is the invocation's number on this connection. */
export type GatewayMessage =
  | { readonly kind: "call"; readonly id: number; readonly call: Call }
  | { readonly kind: "abort"; readonly id: number; readonly reason: AbortReason }
  | { readonly kind: "describe" };

/** From worker to gateway. */
export type WorkerMessage =
  | { readonly kind: "hello"; readonly token: string }
  | { readonly kind: "loading"; readonly task: string }
  | { readonly kind: "shapes"; readonly shapes: ReadonlyMap<string, TaskShape> }
  | { readonly kind: "replied"; readonly id: number; readonly reply: Reply }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure }
  | { readonly kind: "output"; readonly id: number; readonly line: OutputLine };

/** The kinds of frames, by the messages they carry. */
export const frameKinds = {
  call: 1,
  abort: 2,
  describe: 3,
  hello: 16,
  loading: 17,
  shapes: 18,
  replied: 19,
  failed: 20,
  output: 21,
} as const;
