/** The closed list of what can go wrong outside task code; none of it reaches a client. */
export type ErrorCode =
  | "bad_setting"
  | "bad_manifest"
  | "bad_app"
  | "no_app"
  | "bad_hostname"
  | "bad_message"
  | "listen_failed"
  | "tls_failed"
  | "spawn_failed"
  | "worker_failed"
  | "file_exists"
  | "file_failed"
  | "overdue"
  | "bad_schema"
  | "bad_data"
  | "database_failed"
  | "not_found"
  | "not_reached"
  | "admin_failed";

/** An error of webtaskd itself, with a code that callers may branch on. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Ends an exhaustive `switch`: reaching it means that a union gained a member nobody handles. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";

  constructor(value: never) {
    super(`Cannot reach this place: got ${JSON.stringify(value)}`);
  }
}

/** Returns the text a person reads of any thrown value; never throws itself. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    // A revoked proxy, a throwing getter or a missing toString: it still has to be named somehow.
    return "an error that cannot be shown";
  }
}
