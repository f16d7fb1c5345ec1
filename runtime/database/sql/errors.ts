/** Why the database could not do what it was asked for. */
export type DatabaseErrorCode =
  | "busy"
  | "full"
  | "readonly"
  | "corrupt"
  | "unavailable"
  | "missing"
  | "conflict"
  | "failed";

/** The error of a database that cannot answer, in contrast to one of a query or a value. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  readonly code: DatabaseErrorCode;

  constructor(code: DatabaseErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The error of a transaction: which of its changes it was, by place; nothing was changed. */
export class ChangeFailed extends Error {
  override readonly name = "ChangeFailed";
  /** `undefined` when it was none of them, but the start or the end. */
  readonly index: number | undefined;
  readonly reason: Error;

  constructor(reason: Error, index: number | undefined) {
    super(reason.message, { cause: reason });
    this.reason = reason;
    this.index = index;
  }
}
