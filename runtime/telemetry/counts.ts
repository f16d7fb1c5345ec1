import type { InvocationRecord, Recorder, RequestRecord } from "../protocol/records.ts";
import { Buckets } from "./buckets.ts";
import { TaskCounts } from "./task_counts.ts";

const msPerSecond = 1000;
const waitBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180];
/** Those of requests that lead to no task. */
const nowhere = "";

/** What is counted of one deployment. */
export interface DeploymentCounts {
  readonly tasks: ReadonlyMap<string, TaskCounts>;
  /** Seconds that invocations waited for a process. */
  readonly waits: Buckets;
  /** Processes that ended, by why. */
  readonly ends: ReadonlyMap<string, number>;
}

interface OwnCounts extends DeploymentCounts {
  readonly tasks: Map<string, TaskCounts>;
  readonly ends: Map<string, number>;
}

/**
 * Counts what is recorded. Names of deployments and tasks come from manifests, never from clients, so
 * that there are only as many counters as there are tasks.
 */
export class Counts implements Recorder {
  readonly #deployments = new Map<string, OwnCounts>();

  /** Deployments by hostname; what led to none is under an empty name, as is its task. */
  get deployments(): ReadonlyMap<string, DeploymentCounts> {
    return this.#deployments;
  }

  requestEnded(record: RequestRecord): void {
    const { deployment = nowhere, task = nowhere } = record;
    this.#task(deployment, task).addRequest(record);
  }

  invocationEnded(record: InvocationRecord): void {
    const { deployment, task, queuedMs } = record;
    this.#task(deployment, task).addInvocation(record);
    if (queuedMs !== undefined) this.#deployment(deployment).waits.add(queuedMs / msPerSecond);
  }

  invocationRunning(): void {}

  invocationReturned(): void {}

  invocationOverdue(): void {}

  output(): void {}

  /** A process of a deployment has ended; why, in one word. */
  processEnded(deployment: string, cause: string): void {
    const { ends } = this.#deployment(deployment);
    ends.set(cause, (ends.get(cause) ?? 0) + 1);
  }

  #task(deployment: string, task: string): TaskCounts {
    const { tasks } = this.#deployment(deployment);
    const counts = tasks.get(task);
    if (counts) return counts;
    const created = new TaskCounts();
    tasks.set(task, created);
    return created;
  }

  #deployment(hostname: string): OwnCounts {
    const counts = this.#deployments.get(hostname);
    if (counts) return counts;
    const created = { tasks: new Map(), waits: new Buckets(waitBounds), ends: new Map() };
    this.#deployments.set(hostname, created);
    return created;
  }
}
