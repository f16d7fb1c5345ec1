import type { CancelTimer } from "../base/clock.ts";
import type { TimerSet } from "../base/timer_set.ts";
import type { StopReason } from "./process_end.ts";

/** To connect. */
const connectTimeoutMs = 15_000;
/** Between two signs of life while tasks are loaded; a task's own limit is shorter. */
const loadTimeoutMs = 12_000;

/** What a watch over a start needs. */
export interface StartWatchOptions {
  readonly timers: TimerSet;
  /** The start takes too long. */
  onOverdue(reason: StopReason): void;
}

/** Sees to it that a start comes to an end, and knows what it is busy with. */
export class StartWatch {
  readonly #options: StartWatchOptions;
  readonly #loading = new Set<string>();
  #cancel: CancelTimer;
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
  }

  began(task: string): void {
    this.#loading.add(task);
    this.expectLoading();
  }

  finished(task: string): void {
    this.#loading.delete(task);
    this.expectLoading();
  }

  /** The start is over. */
  end(): void {
    this.#isOver = true;
    this.#cancel();
  }

  #after(delayMs: number, reason: StopReason): CancelTimer {
    const { timers, onOverdue } = this.#options;
    return timers.after(delayMs, () => onOverdue(reason));
  }
}
