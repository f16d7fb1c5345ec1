import type { CancelTimer, Clock } from "../base/clock.ts";
import { Lingering } from "../base/lingering.ts";

/** Notices clients that leave while their request is open, once it has been so for a moment. */
export class ClientWatch {
  readonly #lingering: Lingering;

  constructor(clock: Clock) {
    this.#lingering = new Lingering(clock);
  }

  /** Calls `onGone` when the client has left; the returned function ends the watch. */
  add(request: Pick<Request, "signal">, onGone: () => void): CancelTimer {
    let stop = this.#lingering.add(() => {
      const { signal } = request;
      if (signal.aborted) return onGone();
      signal.addEventListener("abort", onGone, { once: true });
      stop = () => signal.removeEventListener("abort", onGone);
    });
    return () => stop();
  }
}
