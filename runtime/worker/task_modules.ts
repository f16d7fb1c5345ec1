import { join } from "node:path";
import { deadline, settlesWithin } from "../base/deadline.ts";
import type { TaskShape } from "../protocol/call.ts";
import type { BootMessage } from "../protocol/messages.ts";
import { toFailure } from "../task/failure.ts";
import { loadTask, shapeOf, type TaskModule } from "../task/load.ts";

/** A module whose top level has not finished after this long counts as broken. */
const loadTimeoutMs = 10_000;
/** A top level that awaits something for this long no longer holds up the next module. */
const patienceMs = 250;

/** Told about each module's one load in this process. */
export interface LoadEvents {
  /** Its top level is about to run. */
  onLoading(task: string): void;
  onLoaded(task: string, shape: TaskShape): void;
}

/** The task modules of a release: each is loaded once in a process and kept warm. */
export class TaskModules {
  readonly #boot: Pick<BootMessage, "dir" | "tasks">;
  readonly #events: LoadEvents;
  readonly #loaded = new Map<string, TaskModule>();
  readonly #loading = new Map<string, Promise<TaskModule>>();

  constructor(boot: Pick<BootMessage, "dir" | "tasks">, events: LoadEvents) {
    this.#boot = boot;
    this.#events = events;
  }

  /** The module, when it has been loaded. */
  loaded(task: string): TaskModule | undefined {
    return this.#loaded.get(task);
  }

  /** Loads a task's module, or waits for whoever is loading it; never rejects. */
  load(task: string): Promise<TaskModule> {
    const loading = this.#loading.get(task) ?? this.#load(task);
    this.#loading.set(task, loading);
    return loading;
  }

  /**
   * Loads tasks in order. Unless it is to be careful, a slow one is not waited for: should the process
   * die, the gateway then knows several that may have been the reason.
   */
  async loadAll(tasks: readonly string[], options: { readonly isCareful: boolean }): Promise<void> {
    const loads: Promise<TaskModule>[] = [];
    for (const task of tasks) {
      const load = this.load(task);
      loads.push(load);
      await (options.isCareful ? load : settlesWithin(load, patienceMs));
    }
    await Promise.all(loads);
  }

  async #load(task: string): Promise<TaskModule> {
    this.#events.onLoading(task);
    const module = await this.#import(task);
    this.#loaded.set(task, module);
    this.#events.onLoaded(task, shapeOf(module));
    return module;
  }

  async #import(task: string): Promise<TaskModule> {
    try {
      const file = join(this.#boot.dir, this.#boot.tasks[task] ?? task);
      return await deadline(loadTask(file), loadTimeoutMs, { what: "finish its top level" });
    } catch (error) {
      const failure = toFailure("load_failed", `load task "${task}"`, error);
      return { kind: "broken", failure };
    }
  }
}
