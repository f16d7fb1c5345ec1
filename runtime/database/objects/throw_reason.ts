import { ChangeFailed } from "../sql/errors.ts";

/** Throws what was wrong with the one change that a caller knows of anyway. */
export function throwReason(error: unknown): never {
  throw error instanceof ChangeFailed ? error.reason : error;
}
