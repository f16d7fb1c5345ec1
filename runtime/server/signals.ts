import { systemClock } from "../base/clock.ts";
import type { Platform } from "../platform/platform.ts";
import type { Recorder } from "../protocol/records.ts";
import { Counts } from "../telemetry/counts.ts";
import { createExposition, type Exposition } from "../telemetry/exposition.ts";
import { LoopLag } from "../telemetry/loop_lag.ts";
import { listMetrics, type PoolState } from "../telemetry/metrics.ts";

/** What the signals of a server are made of. */
export interface SignalsOptions {
  readonly platform: Platform;
  /** How far stored records are behind, where records are stored. */
  readonly storeLagMs?: (() => number | undefined) | undefined;
}

/** What a server tells of itself to those who watch over it. */
export class Signals {
  readonly #options: SignalsOptions;
  readonly #counts = new Counts();
  readonly #loopLag = new LoopLag(systemClock);
  readonly #startedAt = systemClock.wallMs();
  #exposition: Promise<() => Promise<Exposition>> | undefined;

  constructor(options: SignalsOptions) {
    this.#options = options;
  }

  /** Where records go to be counted. */
  get recorder(): Recorder {
    return this.#counts;
  }

  /** A process of a deployment has ended; why, in one word. */
  processEnded(deployment: string, cause: string): void {
    this.#counts.processEnded(deployment, cause);
  }

  /** Writes all metrics, with those of the pools that there are now. */
  async metrics(pools: () => readonly PoolState[]): Promise<Exposition> {
    this.#exposition ??= createExposition(this.#list(pools));
    return await (await this.#exposition)();
  }

  close(): void {
    this.#loopLag.stop();
  }

  #list(pools: () => readonly PoolState[]) {
    const { platform, storeLagMs } = this.#options;
    return listMetrics({
      counts: this.#counts,
      loopLag: this.#loopLag,
      pools,
      storeLagMs,
      spans: undefined,
      process: {
        usage: () => platform.usage(),
        rssBytes: () => platform.rssBytes(),
        startedAt: this.#startedAt,
      },
    });
  }
}
