import { Bag } from "../base/bag.ts";
import type { AdmittedCall } from "./attempt.ts";
import type { Target } from "./release.ts";
import type { SupervisedRequest, WaitingClient } from "./answer.ts";
import { RequestRun, type RunOwner, type SupervisorOptions } from "./request_run.ts";

/** What is over within two sweeps has cost neither a timer nor a listener of its own. */
const sweepMs = 25;

/** Sees requests through: starts their invocations, and follows each to its end. */
export class Supervisor implements RunOwner {
  readonly options: SupervisorOptions;
  readonly #runs = new Bag<RequestRun>();
  readonly #onIdle: (() => void)[] = [];
  #isDraining = false;
  #isSweeping = false;

  constructor(options: SupervisorOptions) {
    this.options = options;
  }

  /** Whether further attempts may be started. */
  get mayStart(): boolean {
    return !this.#isDraining;
  }

  /** Starts to supervise a request that has just been read. */
  run(target: Target, call: AdmittedCall, client: WaitingClient): SupervisedRequest {
    const run = new RequestRun({ target, call, client }, this);
    this.#runs.add(run);
    if (!this.#isSweeping) this.#sweepLater();
    run.start();
    return run;
  }

  /** Starts no further attempts. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Resolves when no invocation waits or runs any more, answered or not. */
  idle(): Promise<void> {
    if (this.#runs.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Forgets a request of which nothing is left. */
  finished(run: RequestRun): void {
    this.#runs.delete(run);
    if (this.#runs.size > 0 || this.#onIdle.length === 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /**
   * One timer for all: most requests are over before anybody has to care how long they take. It
   * looks at what is open instead of keeping a list of its own, which would keep short requests from
   * being collected young.
   */
  #sweepLater(): void {
    this.#isSweeping = true;
    this.options.clock.after(sweepMs, () => {
      this.#isSweeping = false;
      for (const run of this.#runs.toArray()) run.sweep();
      if (this.#runs.size > 0) this.#sweepLater();
    });
  }
}
