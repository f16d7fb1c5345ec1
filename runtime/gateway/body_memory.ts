/** Counts the bytes of request bodies that the gateway reads or holds, and keeps to a limit. */
export class BodyMemory {
  readonly limitBytes: number;
  #heldBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Bytes held for all requests together. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether so many more bytes could be held now; none are set aside. */
  hasRoomFor(bytes: number): boolean {
    return this.#heldBytes + bytes <= this.limitBytes;
  }

  /** Opens the account of one body. */
  open(): HeldBody {
    return new HeldBody(this, (bytes) => void (this.#heldBytes += bytes));
  }
}

/** What one request holds of the memory for bodies. */
export class HeldBody {
  readonly #memory: BodyMemory;
  readonly #account: (bytes: number) => void;
  #bytes = 0;

  constructor(memory: BodyMemory, account: (bytes: number) => void) {
    this.#memory = memory;
    this.#account = account;
  }

  /** Holds so many more bytes; false, and nothing changes, when there is no room for them. */
  grow(bytes: number): boolean {
    if (!this.#memory.hasRoomFor(bytes)) return false;
    this.#bytes += bytes;
    this.#account(bytes);
    return true;
  }

  /** The request is through: gives everything back; may be called twice. */
  release(): void {
    this.#account(-this.#bytes);
    this.#bytes = 0;
  }
}
