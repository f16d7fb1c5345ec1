/**
 * Lets only so many processes start at once, of all deployments together: many would hold each other
 * up until all of them are late. Those that wait have their turn in order.
 */
export class StartTurns {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes a turn, and returns what ends it, which may be called twice. Undefined when there is none
   * now: `onTurn` is then called, once, when there is, and may take it or not.
   */
  take(onTurn: () => void): (() => void) | undefined {
    if (this.#taken >= this.#limit) {
      this.#waiting.add(onTurn);
      return undefined;
    }
    this.#taken += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#taken -= 1;
      this.#offer();
    };
  }

  /** Whoever waited does not any more. */
  forget(onTurn: () => void): void {
    this.#waiting.delete(onTurn);
  }

  #offer(): void {
    // Who is called may wait again, for one more: it is then behind the others.
    for (const onTurn of this.#waiting) {
      if (this.#taken >= this.#limit) return;
      this.#waiting.delete(onTurn);
      onTurn();
    }
  }
}
