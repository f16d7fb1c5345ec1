import type { Failure, OwnedCall } from "../protocol/call.ts";

/** The place of a call whose task cannot be loaded in any process: it fails without one. */
export class BrokenSlot {
  readonly pid = 0;
  readonly #failure: Failure;

  constructor(failure: Failure) {
    this.#failure = failure;
  }

  run(call: OwnedCall): void {
    call.onEnd({ kind: "failed", failure: this.#failure });
  }

  abort(): void {}

  overdue(): void {}

  kill(): void {}
}
