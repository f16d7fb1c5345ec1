import type { Describer } from "./task_shapes.ts";
import type { WorkerProcess } from "./worker_process.ts";
import type { WorkerState } from "./worker_state.ts";

/** A process that has not become ready for this long does not hold up the start of another. */
const slowStartMs = 500;

/** What is asked of a process. */
export interface ProcessNeed {
  readonly task: string;
  /** The most invocations of this task in one process, when there is such a limit. */
  readonly concurrency: number | undefined;
}

/** How many shared processes there are, by what can be expected of them. */
export interface SharedCounts {
  /** About to take calls. */
  readonly starting: number;
  /** As the former, but they have taken so long that nobody should wait for them. */
  readonly slow: number;
  readonly ready: number;
  /** Alive, and not to be counted on; one that is stuck at a task's top level is, too. */
  readonly outside: number;
}

/**
 * The live processes of a pool. Shared ones run many invocations at once; a single one runs one
 * further attempt, and nothing before or after it.
 */
export class Roster {
  #shared: readonly WorkerProcess[] = [];
  #single: readonly WorkerProcess[] = [];

  get all(): readonly WorkerProcess[] {
    return this.#single.length === 0 ? this.#shared : [...this.#shared, ...this.#single];
  }

  get size(): number {
    return this.#shared.length + this.#single.length;
  }

  get singleCount(): number {
    return this.#single.length;
  }

  /** Those who are finding out what tasks export. */
  get describers(): readonly Describer[] {
    return this.#shared.flatMap(({ describer }) => describer ?? []);
  }

  /** Whether a shared process takes calls, or will. */
  get isServing(): boolean {
    for (const { state } of this.#shared) {
      if (state === "ready" || state === "starting") return true;
    }
    return false;
  }

  isSingle(process: WorkerProcess): boolean {
    return this.#single.length > 0 && this.#single.includes(process);
  }

  addShared(process: WorkerProcess): void {
    this.#shared = [...this.#shared, process];
  }

  addSingle(process: WorkerProcess): void {
    this.#single = [...this.#single, process];
  }

  remove(process: WorkerProcess): void {
    this.#shared = without(this.#shared, process);
    this.#single = without(this.#single, process);
  }

  /** Makes a single process that has run nothing a shared one; undefined when there is none. */
  shareUnused(): WorkerProcess | undefined {
    const unused = this.#single.find(isUnused);
    if (!unused) return undefined;
    this.#single = without(this.#single, unused);
    this.addShared(unused);
    return unused;
  }

  /** The shared process with room that has least to do. */
  findShared({ task, concurrency }: ProcessNeed): WorkerProcess | undefined {
    let found: WorkerProcess | undefined;
    let least = Infinity;
    for (const process of this.#shared) {
      const { calls } = process;
      if (!hasRoom(process) || calls.size >= least) continue;
      if (concurrency !== undefined && calls.countOf(task) >= concurrency) continue;
      found = process;
      least = calls.size;
    }
    return found;
  }

  /** A single process that has run nothing; one that has loaded the task comes first. */
  findUnused({ task }: ProcessNeed): WorkerProcess | undefined {
    const unused = this.#single.filter(isUnused);
    return unused.find(({ preloaded }) => preloaded === task) ?? unused[0];
  }

  hasSharedRoom(): boolean {
    for (const process of this.#shared) if (hasRoom(process)) return true;
    return false;
  }

  /** Single processes that have run nothing, or will be there soon. */
  countUnused(): number {
    return this.#single.filter((process) => process.state === "starting" || isUnused(process))
      .length;
  }

  /** Whether enough are left without a process. */
  isSpare(
    process: WorkerProcess,
    { minShared, minUnused }: { readonly minShared: number; readonly minUnused: number },
  ): boolean {
    if (this.isSingle(process)) return this.countUnused() > minUnused;
    const isServing = ({ state }: WorkerProcess) => state === "ready" || state === "starting";
    return this.#shared.filter(isServing).length > minShared;
  }

  /** Whether a process may make way: few enough that take no calls are left from before. */
  mayReplace(process: WorkerProcess, maxOutside: number): boolean {
    return !this.isSingle(process) && this.countShared(0).outside < Math.max(1, maxOutside);
  }

  countStates(): Record<WorkerState, number> {
    const counts = { starting: 0, ready: 0, stalled: 0, retiring: 0, stopping: 0, ended: 0 };
    for (const { state } of this.all) counts[state] += 1;
    return counts;
  }

  countShared(nowMs: number): SharedCounts {
    const counts = { starting: 0, slow: 0, ready: 0, outside: 0 };
    for (const { state, startedMs, describer } of this.#shared) {
      if (state === "ready") counts.ready += 1;
      else if (state !== "starting" || describer?.isSlow) counts.outside += 1;
      // Loading tasks may take its time.
      else counts[nowMs - startedMs < slowStartMs ? "starting" : "slow"] += 1;
    }
    return counts;
  }
}

function hasRoom({ state, calls }: WorkerProcess): boolean {
  return state === "ready" && calls.size < calls.capacity;
}

function isUnused({ state, calls }: WorkerProcess): boolean {
  return state === "ready" && calls.total === 0;
}

function without(
  processes: readonly WorkerProcess[],
  process: WorkerProcess,
): readonly WorkerProcess[] {
  return processes.filter((other) => other !== process);
}
