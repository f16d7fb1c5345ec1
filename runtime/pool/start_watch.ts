import type { CancelTimer } from "../base/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { TimerSet } from "../base/timer_set.ts";
import type { AppFacts } from "../protocol/messages.ts";
import type { StopReason } from "./process_end.ts";
import type { Describer } from "./task_shapes.ts";

/** To connect. */
const connectTimeoutMs = 15_000;
/** Between two signs of life while tasks are loaded; a task's own limit is shorter. */
const loadTimeoutMs = 12_000;
/** A task that has been loading for this long no longer holds up what else is to be found out. */
const slowLoadMs = 500;

/** What a watch over a start needs. */
export interface StartWatchOptions {
  readonly timers: TimerSet;
  /** Those of the release. */
  readonly tasks: AppFacts["tasks"];
  /** A task takes long to load; the start may yet succeed. */
  onSlow(): void;
  /** The start takes too long. */
  onOverdue(reason: StopReason): void;
}

/** Sees to it that a start comes to an end, and knows what it is busy with. */
export class StartWatch implements Describer {
  readonly #options: StartWatchOptions;
  readonly #loading = new Set<string>();
  readonly #begun = new Set<string>();
  #cancel: CancelTimer;
  #cancelSlow: CancelTimer | undefined;
  #isSlow = false;
  #isConnected = false;
  #isOver = false;

  constructor(options: StartWatchOptions) {
    this.#options = options;
    const message = `it was not there after ${connectTimeoutMs} ms`;
    this.#cancel = this.#after(connectTimeoutMs, { cause: "start-overdue", message });
  }

  /** The tasks whose top level runs. */
  get loading(): readonly string[] {
    return [...this.#loading];
  }

  /** Whether it has been busy with the same task for so long that others should not wait for it. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** The worker is there; returns whether that is news. */
  connected(): boolean {
    const isNew = !this.#isConnected;
    this.#isConnected = true;
    return isNew;
  }

  /** Tasks are to be loaded now: each sign of life gives the next one its time. */
  expectLoading(): void {
    if (this.#isOver) return;
    this.#cancel();
    const message = `its tasks were not loaded ${loadTimeoutMs} ms after the last had been`;
    this.#cancel = this.#after(loadTimeoutMs, { cause: "load-overdue", message });
    this.#expectProgress();
  }

  /** @throws {RuntimeError} `bad_message` for what no worker loads, or for a second time. */
  began(task: string): void {
    if (!Object.hasOwn(this.#options.tasks, task) || this.#begun.has(task)) {
      throw new RuntimeError(
        "bad_message",
        "Cannot accept a task as loading: not of the release, or twice",
      );
    }
    this.#begun.add(task);
    this.#loading.add(task);
    this.expectLoading();
  }

  /** @throws {RuntimeError} `bad_message` for what is not loading. */
  finished(task: string): void {
    if (!this.#loading.delete(task)) {
      throw new RuntimeError("bad_message", "Cannot accept a task as loaded: it is not loading");
    }
    this.expectLoading();
  }

  /** The start is over. */
  end(): void {
    this.#isOver = true;
    this.#isSlow = false;
    this.#cancel();
    this.#cancelSlow?.();
  }

  #expectProgress(): void {
    const { timers, onSlow } = this.#options;
    this.#isSlow = false;
    this.#cancelSlow?.();
    this.#cancelSlow = this.#loading.size === 0 ? undefined : timers.after(slowLoadMs, () => {
      this.#isSlow = true;
      onSlow();
    });
  }

  #after(delayMs: number, reason: StopReason): CancelTimer {
    const { timers, onOverdue } = this.#options;
    return timers.after(delayMs, () => onOverdue(reason));
  }
}
