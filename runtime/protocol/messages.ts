import type { Call, CallIds, RunEnding, TaskShape } from "./call.ts";

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
  /** It tells of so many lines that were dropped. */
  readonly omittedLines?: number | undefined;
}

/** What a worker is told on its standard input before it connects. */
export interface BootMessage extends AppFacts {
  /** The process it is to end with. */
  readonly gatewayPid: number;
  /** The gateway's Unix socket. */
  readonly socket: string;
  /** Proves to the gateway which process connects; good for one connection. */
  readonly token: string;
  /** The file whose memory says which calls have been started. */
  readonly markFile: string;
  /** How many invocations it runs at once. */
  readonly processConcurrency: number;
}

/** What all workers of a release are told. */
export interface AppFacts {
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

/**
 * From gateway to worker; `id` is the invocation's number on this connection, which grows from call
 * to call.
 *
 * - `sentAt`: what follows was sent at this time of the gateway's monotonic clock, in milliseconds
 *   modulo 2^32.
 * - `synced`: the same clock, in answer to `hello` and `sync`.
 * - `go`, `drop`: the answers to `ask`.
 * - `describe`: load these tasks and tell what each exports; `isCareful` loads none before the one
 *   before it has ended.
 * - `preload`: load this task, as a call of it may come.
 */
export type GatewayMessage =
  | { readonly kind: "call"; readonly id: number; readonly call: Call }
  | { readonly kind: "abort"; readonly id: number; readonly reason: AbortReason }
  | { readonly kind: "sentAt"; readonly nowMs: number }
  | { readonly kind: "synced"; readonly nowMs: number }
  | { readonly kind: "go" }
  | { readonly kind: "drop" }
  | { readonly kind: "ping" }
  | {
    readonly kind: "describe";
    readonly tasks: readonly string[];
    readonly isCareful: boolean;
  }
  | { readonly kind: "preload"; readonly task: string };

/**
 * From worker to gateway.
 *
 * - `sync`: asks for the gateway's clock.
 * - `loading`, `loaded`: around the first run of a module's top level; `described` once all have
 *   been loaded that were asked for.
 * - `ask`: a call came so long after it was sent that it may have been given to another process.
 * - `returned`: calls that waited for a place in vain; they have not been started and never will be.
 */
export type WorkerMessage =
  | { readonly kind: "hello"; readonly token: string }
  | { readonly kind: "sync" }
  | { readonly kind: "pong" }
  | { readonly kind: "ask"; readonly id: number }
  | { readonly kind: "returned"; readonly ids: readonly number[] }
  | { readonly kind: "loading"; readonly task: string }
  | { readonly kind: "loaded"; readonly task: string; readonly shape: TaskShape }
  | { readonly kind: "described" }
  | (RunEnding & { readonly id: number })
  | { readonly kind: "output"; readonly id: number; readonly line: OutputLine }
  /** Of an invocation that has ended: the gateway no longer knows its number. */
  | { readonly kind: "late_output"; readonly of: CallIds; readonly line: OutputLine };

/** The kinds of frames, by the messages they carry. */
export const frameKinds = {
  call: 1,
  abort: 2,
  sentAt: 3,
  synced: 4,
  go: 5,
  drop: 6,
  ping: 7,
  describe: 8,
  preload: 9,
  hello: 16,
  sync: 17,
  pong: 18,
  ask: 19,
  loading: 20,
  loaded: 21,
  described: 22,
  replied: 23,
  failed: 24,
  output: 25,
  returned: 26,
} as const;
