import type { InvocationRecord, RequestRecord } from "../protocol/records.ts";
import { Buckets } from "./buckets.ts";

const statusClasses = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;
const statusesPerClass = 100;
const msPerSecond = 1000;
/** From a task that does nothing to the default deadline. */
const durationBounds = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
  ...[1, 2.5, 5, 10, 30, 60, 120, 180],
];

/** What is counted of one task of a deployment. */
export class TaskCounts {
  readonly durations = new Buckets(durationBounds);
  timedOut = 0;
  readonly #byClass = new Float64Array(statusClasses.length);
  /** By number, the first at 1. */
  readonly #attempts: number[] = [];
  readonly #states = new Map<InvocationRecord["state"], number>();

  addRequest({ status, answer, durationMs }: RequestRecord): void {
    const index = Math.floor(status / statusesPerClass) - 1;
    this.#byClass[index] = (this.#byClass[index] ?? 0) + 1;
    this.durations.add(durationMs / msPerSecond);
    if (answer === "timed-out") this.timedOut += 1;
  }

  addInvocation({ attempt, state }: InvocationRecord): void {
    this.#attempts[attempt] = (this.#attempts[attempt] ?? 0) + 1;
    this.#states.set(state, (this.#states.get(state) ?? 0) + 1);
  }

  /** Requests by the first digit of their status, as `2xx`. */
  byClass(): readonly (readonly [status: string, count: number])[] {
    return statusClasses
      .map((name, index) => [name, this.#byClass[index] ?? 0] as const)
      .filter(([, count]) => count > 0);
  }

  byAttempt(): readonly (readonly [attempt: number, count: number])[] {
    return this.#attempts.flatMap((count, attempt) => count > 0 ? [[attempt, count] as const] : []);
  }

  byState(): Iterable<readonly [state: string, count: number]> {
    return this.#states;
  }
}
