import type { Failure, TaskShape } from "../protocol/call.ts";
import type { ProcessEnd } from "./process_end.ts";

/** What the next process that describes tasks has to load. */
export interface DescribePlan {
  readonly tasks: readonly string[];
  /** One after the other: a process before it died with several loading. */
  readonly isCareful: boolean;
}

/** A process that is finding out what tasks export. */
export interface Describer {
  /** The tasks whose top level runs. */
  readonly loading: readonly string[];
  /** Whether it has been busy with the same task for so long that others should not wait for it. */
  readonly isSlow: boolean;
}

/** What is looked at of the end of such a process. */
export type DescriberEnd = Pick<ProcessEnd, "loading" | "failure" | "wasKilledByOthers">;

/** What the shapes need of the pool they belong to. */
export interface TaskShapesEvents {
  /** Somebody waits for what is not known yet. */
  onWanted(): void;
}

/**
 * What the tasks of a release export, as far as processes have found out. A task whose top level ends
 * or blocks its process is found out, too: it is known as broken, and is not loaded again.
 */
export class TaskShapes {
  readonly #tasks: readonly string[];
  readonly #events: TaskShapesEvents;
  readonly #known = new Map<string, TaskShape>();
  readonly #deadly = new Map<string, Failure>();
  readonly #suspects = new Set<string>();
  /** Tasks that were alone loading when somebody killed the process. */
  readonly #wereKilled = new Set<string>();
  readonly #waiters = new Map<() => void, string | undefined>();
  #taskWaiterCount = 0;

  constructor(tasks: readonly string[], events: TaskShapesEvents) {
    this.#tasks = tasks;
    this.#events = events;
  }

  /** Whether every task is known. */
  get isComplete(): boolean {
    return this.#known.size === this.#tasks.length;
  }

  /** Every task, once all are known. */
  get all(): ReadonlyMap<string, TaskShape> | undefined {
    return this.isComplete ? this.#known : undefined;
  }

  /** Whether somebody waits for what one more process is to find out. */
  isWanted(describers: readonly Describer[]): boolean {
    return this.#waiters.size > 0 && this.plan(describers) !== undefined;
  }

  /** How many wait for one task, as requests do; who prepares a release waits for all. */
  get taskWaiterCount(): number {
    return this.#taskWaiterCount;
  }

  find(task: string): TaskShape | undefined {
    return this.#known.get(task);
  }

  /** Why a task must not be loaded, when it would take its process down. */
  deadlyFailure(task: string): Failure | undefined {
    return this.#deadly.size === 0 ? undefined : this.#deadly.get(task);
  }

  /**
   * What one more process is to find out: what somebody waits for comes first. Undefined while another
   * gets on with it; what those that do not are busy with is left to them.
   */
  plan(describers: readonly Describer[]): DescribePlan | undefined {
    if (describers.some(({ isSlow }) => !isSlow)) return undefined;
    const taken = describers.flatMap(({ loading }) => loading);
    const open = this.#tasks.filter((task) => !this.#known.has(task) && !taken.includes(task));
    if (open.length === 0) return undefined;
    if (this.#suspects.size > 0) {
      const suspects = open.filter((task) => this.#suspects.has(task));
      const others = open.filter((task) => !this.#suspects.has(task));
      return { tasks: [...suspects, ...others], isCareful: true };
    }
    const awaited = new Set(this.#waiters.values());
    const first = open.filter((task) => awaited.has(task));
    return { tasks: [...first, ...open.filter((task) => !awaited.has(task))], isCareful: false };
  }

  /** A process has loaded a task; what is known already stays. */
  learn(task: string, shape: TaskShape): void {
    if (this.#known.has(task) || !this.#tasks.includes(task)) return;
    this.#known.set(task, shape);
    this.#suspects.delete(task);
    this.#wake((awaited) => awaited === task || (awaited === undefined && this.isComplete));
  }

  /**
   * A process that did nothing else has died while it loaded tasks. Returns whether that explains its
   * death: one task is found out, several are suspects. So is one that was loading when somebody killed
   * the process, until that happens again.
   */
  blame({ loading, failure, wasKilledByOthers }: DescriberEnd): boolean {
    const open = this.#tasks.filter((task) => loading.includes(task) && !this.#known.has(task));
    const [only] = open;
    if (only === undefined) return false;
    const isChance = wasKilledByOthers && !this.#wereKilled.has(only);
    if (open.length > 1 || isChance) {
      for (const task of open) this.#suspects.add(task);
      if (open.length === 1) this.#wereKilled.add(only);
      return true;
    }
    this.#convict(only, failure);
    return true;
  }

  #convict(task: string, failure: Failure): void {
    const message = `Cannot load task "${task}" as its top level takes its process down: ` +
      failure.message;
    const broken: Failure = { ...failure, code: "load_failed", message };
    this.#deadly.set(task, broken);
    this.learn(task, { kind: "broken", failure: broken });
  }

  /** Resolves once a task, or every one, is known; or nobody can tell; or the signal aborts. */
  wait(task: string | undefined, signal?: AbortSignal): Promise<void> {
    const known = this.#wait(task, signal);
    this.#events.onWanted();
    return known;
  }

  #wait(task: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener("abort", wake);
        // A signal may abort what a giving up has just woken.
        if (this.#waiters.delete(wake) && task !== undefined) this.#taskWaiterCount -= 1;
        resolve();
      };
      this.#waiters.set(wake, task);
      if (task !== undefined) this.#taskWaiterCount += 1;
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  /** Nobody can tell now. */
  giveUp(): void {
    this.#wake(() => true);
  }

  #wake(isMet: (awaited: string | undefined) => boolean): void {
    for (const [wake, awaited] of [...this.#waiters]) if (isMet(awaited)) wake();
  }
}
