/**
 * An answer that cannot be sent. Thrown at the author's own call where there is one, so that its
 * stack shows the place.
 */
export class IllegalResponse extends TypeError {
  readonly #isOurs = true;

  /** Whether a value, however hostile, is an error of this class. */
  static is(value: unknown): value is IllegalResponse {
    return typeof value === "object" && value !== null && #isOurs in value;
  }
}
