/** The lines kept of one invocation; raw output is not counted in the worker. */
export const maxLinesPerInvocation = 1_000;
/** Invocations of which is known how much they have printed; who is quiet is forgotten first. */
const maxCounted = 10_000;

/** Counts the lines of each invocation that prints. */
export class LineCounts {
  readonly #counts = new Map<string, number>();

  /** Counts a line; false when it is over the limit. */
  admits(traceId: string): boolean {
    const count = (this.#counts.get(traceId) ?? 0) + 1;
    // To the end: the first is the one that has been quiet for the longest.
    this.#counts.delete(traceId);
    this.#counts.set(traceId, count);
    if (this.#counts.size > maxCounted) this.#forgetQuiet();
    return count <= maxLinesPerInvocation;
  }

  /** The invocation has ended; what comes of it later is counted anew. */
  forget(traceId: string): void {
    if (this.#counts.size > 0) this.#counts.delete(traceId);
  }

  #forgetQuiet(): void {
    for (const quiet of this.#counts.keys()) {
      this.#counts.delete(quiet);
      return;
    }
  }
}
