import { join } from "node:path";
import { deadline } from "../base/deadline.ts";
import type { TaskShape } from "../protocol/call.ts";
import type { BootMessage } from "../protocol/messages.ts";
import { toFailure } from "../task/failure.ts";
import { loadTask, shapeOf, type TaskModule } from "../task/load.ts";

/** A module whose top level has not finished after this long counts as broken. */
const loadTimeoutMs = 10_000;

/** The task modules of a release: each is loaded once in a process and kept warm. */
export class TaskModules {
  readonly #boot: BootMessage;
  readonly #loaded = new Map<string, TaskModule>();
  readonly #loading = new Map<string, Promise<TaskModule>>();

  constructor(boot: BootMessage) {
    this.#boot = boot;
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

  /** Loads every task, one after the other, and tells what each exports. */
  async describe(onLoading: (task: string) => void): Promise<ReadonlyMap<string, TaskShape>> {
    const shapes = new Map<string, TaskShape>();
    for (const task of Object.keys(this.#boot.tasks)) {
      onLoading(task);
      shapes.set(task, shapeOf(await this.load(task)));
    }
    return shapes;
  }

  async #load(task: string): Promise<TaskModule> {
    const module = await this.#import(task);
    this.#loaded.set(task, module);
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
