/** What went wrong with one object of a batch. */
export interface CrudFailure {
  readonly object: object | undefined;
  readonly operation: "save" | "destroy";
  readonly error: Error;
}

/** The error of a batch: nothing of it was done. */
export class CrudError extends Error {
  override readonly name = "CrudError";
  readonly errors: readonly CrudFailure[];

  constructor(errors: readonly CrudFailure[]) {
    const [first] = errors;
    super(`Cannot execute the batch: ${first?.error.message}`, { cause: first?.error });
    this.errors = errors;
  }

  /** The first of the errors. */
  firstError(): CrudFailure | undefined {
    return this.errors[0];
  }
}
