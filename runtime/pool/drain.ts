/** What a drain needs of the pool it is to end. */
export interface DrainOptions {
  /** Whether somebody still waits for a process, or, held, may come to. */
  isNeeded(isHeld: boolean): boolean;
  /** Whether any process is left. */
  isEmpty(): boolean;
  /** Nobody waits: what runs may finish, and nothing is kept for later. */
  retireAll(): void;
}

/** The end of a pool that has been replaced: what was sent to it before is still served. */
export class Drain {
  readonly #options: DrainOptions;
  readonly #waiters: (() => void)[] = [];
  #isBegun = false;
  #isClosed = false;
  #holds = 0;

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Somebody may yet send a request: the drain does not end before `release`. */
  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    this.settle();
  }

  /** Begins the drain; resolves when nothing is left. */
  begin(): Promise<void> {
    this.#isBegun = true;
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.settle();
    });
  }

  /** Something has ended: looks what is left. */
  settle(): void {
    if (!this.#isBegun || this.#isClosed) return;
    const { isNeeded, isEmpty, retireAll } = this.#options;
    if (isNeeded(this.#holds > 0)) return;
    retireAll();
    if (this.#holds === 0 && isEmpty()) this.#end();
  }

  /** The pool is closed: nothing can come any more, whoever still holds it. */
  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  #end(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
