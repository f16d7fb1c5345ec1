import {
  type AdmittedCall,
  RequestRun,
  type RunOwner,
  type SupervisedRequest,
  type SupervisorOptions,
  type Target,
} from "./request_run.ts";

/** Sees requests through: starts their invocations, and follows each to its end. */
export class Supervisor implements RunOwner {
  readonly #options: SupervisorOptions;
  readonly #runs = new Set<RequestRun>();
  readonly #onIdle: (() => void)[] = [];
  #isDraining = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Resolves when no invocation waits or runs any more, answered or not. */
  idle(): Promise<void> {
    if (this.#runs.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle.push(resolve);
    return promise;
  }

  /** Starts to supervise a request that has just been read. */
  run(target: Target, call: AdmittedCall): SupervisedRequest {
    const run = new RequestRun({ target, call, options: this.#options, owner: this });
    this.#runs.add(run);
    run.start();
    return run;
  }

  /** Whether further attempts may be started. */
  get mayStart(): boolean {
    return !this.#isDraining;
  }

  /** Starts no further attempts. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Forgets a request of which nothing is left. */
  finished(run: RequestRun): void {
    this.#runs.delete(run);
    if (this.#runs.size > 0 || this.#onIdle.length === 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
