import { RuntimeError } from "./errors.ts";
import type { MemberPath } from "./member_path.ts";
import { bad, type Parsed } from "./parsed.ts";
import { formatDuration, formatSize, parseSize } from "./units.ts";

/** The most that `attempts` may be. */
export const mostAttempts = 10;

/** The most that `maxBody` may be: a body and its head travel in one frame of 64 MiB. */
export const mostBodyBytes = 60 * 2 ** 20;

/** What a browser on another origin may do with a task. */
export interface CorsSettings {
  /** `"*"`, or origins as browsers send them: `https://x.example`. */
  readonly origins: "*" | readonly string[];
  /** Upper case; `undefined` stands for the methods the task has. */
  readonly methods: readonly string[] | undefined;
  /** Request headers, lower case; `"*"` echoes what is asked for, `undefined` allows none. */
  readonly headers: "*" | readonly string[] | undefined;
  /** Response headers a script may read, lower case. */
  readonly exposeHeaders: readonly string[];
  readonly hasCredentials: boolean;
  /** How long a browser may keep the answer to a preflight. */
  readonly maxAgeSeconds: number | undefined;
}

/** What is stored of the requests of a task, so that they can be looked at and sent again. */
export interface CaptureSettings {
  /** Names in lower case, or `true` for all; some are never stored. */
  readonly headers: true | readonly string[];
  readonly hasBody: boolean;
  /** A larger body is not stored. */
  readonly maxBodyBytes: number;
  /** Members of a JSON body, and query parameters, whose values are not stored. */
  readonly redact: readonly MemberPath[];
}

/** How invocations of a task are run and supervised. */
export interface TaskSettings {
  /** How long an invocation may run and still answer. */
  readonly timeoutMs: number;
  /** How many invocations one request may start. */
  readonly attempts: number;
  /** How long a client waits at most, counted from the moment its request has been read. */
  readonly deadlineMs: number;
  /** What happens to the response of an invocation that finishes after its timeout. */
  readonly late: "discard" | "deliver";
  /** How long an invocation may run before its process is stopped. */
  readonly maxDurationMs: number;
  /** Invocations of this task in one process at a time; `undefined` leaves it to the process. */
  readonly concurrency: number | undefined;
  readonly maxBodyBytes: number;
  /** `undefined` answers no other origin. */
  readonly cors: CorsSettings | undefined;
  /** `undefined` stores neither headers nor query nor body. */
  readonly capture: CaptureSettings | undefined;
}

/** What holds where neither manifest nor command line says anything. */
export const builtInTaskSettings: TaskSettings = Object.freeze({
  timeoutMs: 60_000,
  attempts: 3,
  deadlineMs: 180_000,
  late: "discard",
  maxDurationMs: 300_000,
  concurrency: undefined,
  maxBodyBytes: 5 * 2 ** 20,
  cors: undefined,
  capture: undefined,
});

/** The most that the `maxBody` of `capture` may be. */
export const mostCapturedBytes = 2 ** 20;

/** What is stored of a body where `capture` does not say. */
export const usualCapturedBytes = 64 * 2 ** 10;

/** Reads the largest body to store, as `64KiB`. */
export function parseCapturedSize(text: string): Parsed<number> {
  const size = parseSize(text);
  if (size.kind === "bad" || size.value <= mostCapturedBytes) return size;
  return bad(`give a size of at most ${formatSize(mostCapturedBytes)}`);
}

/** Reads the largest request body, as `5MiB`: no more than fits into a frame. */
export function parseMaxBody(text: string): Parsed<number> {
  const size = parseSize(text);
  if (size.kind === "bad" || size.value <= mostBodyBytes) return size;
  return bad(`give a size of at most ${formatSize(mostBodyBytes)}`);
}

/**
 * Settles a task's settings: overrides (flags, variables) win over what the manifest gives, the
 * built-in ones fill the rest.
 * @throws {RuntimeError} `bad_setting` when they contradict each other.
 */
export function toTaskSettings(
  given: Partial<TaskSettings>,
  overrides: Partial<TaskSettings> = {},
  { owner = "a task" }: { readonly owner?: string } = {},
): TaskSettings {
  const settings = Object.freeze({ ...builtInTaskSettings, ...given, ...overrides });
  const conflict = settingsConflict(settings);
  if (conflict === undefined) return settings;
  throw new RuntimeError(
    "bad_setting",
    `Cannot serve ${owner} with the flags and variables given: ${conflict.fix}`,
  );
}

/** Two settings that cannot both be meant: which one to blame, and what to do. */
export interface SettingsConflict {
  readonly key: "timeout" | "maxDuration";
  readonly fix: string;
}

/** Finds the first contradiction between settings that are each fine alone. */
export function settingsConflict(settings: TaskSettings): SettingsConflict | undefined {
  const { timeoutMs, deadlineMs, maxDurationMs } = settings;
  const timeout = formatDuration(timeoutMs);
  if (timeoutMs > deadlineMs) {
    const deadline = formatDuration(deadlineMs);
    return {
      key: "timeout",
      fix: `the deadline (${deadline}) is over before the timeout (${timeout}): ` +
        `lower timeout or raise deadline`,
    };
  }
  if (timeoutMs > maxDurationMs) {
    const maxDuration = formatDuration(maxDurationMs);
    return {
      key: "maxDuration",
      fix: `the process is stopped (${maxDuration}) before the timeout (${timeout}): ` +
        `lower timeout or raise maxDuration`,
    };
  }
  return undefined;
}
