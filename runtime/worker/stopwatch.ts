import type { Platform, ProcessUsage } from "../platform/platform.ts";
import type { RunFigures } from "../protocol/figures.ts";
import type { RunStage } from "../task/context.ts";

/** Only an invocation that ran for longer is worth looking at its process: that takes microseconds. */
const measuredFromMs = 10;
/** How old a look at the process may be that serves as the start of an invocation. */
const usageMaxAgeMs = 1;

/** What a stopwatch reads. */
export interface MeterOptions {
  readonly platform: Pick<Platform, "usage" | "rssBytes">;
  /** Milliseconds on a clock that only moves forward. */
  clock(): number;
}

/** Reads times and the usage of the process, for all invocations in it. */
export class Meter {
  readonly #options: MeterOptions;
  #usage: ProcessUsage | undefined;
  #usageMs = 0;

  constructor(options: MeterOptions) {
    this.#options = options;
  }

  nowMs(): number {
    return this.#options.clock();
  }

  /** The usage at `nowMs`, or a moment before: many invocations start within a millisecond. */
  usageAt(nowMs: number): ProcessUsage {
    if (this.#usage && nowMs - this.#usageMs < usageMaxAgeMs) return this.#usage;
    this.#usageMs = nowMs;
    return this.#usage = this.#options.platform.usage();
  }

  rssBytes(): number {
    return this.#options.platform.rssBytes();
  }
}

/** Measures one invocation. */
export class Stopwatch {
  readonly #meter: Meter;
  #before: ProcessUsage | undefined;
  #authenticateMs: number | undefined;
  #handlerMs: number | undefined;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** The author's code of a stage begins. */
  began(stage: RunStage): void {
    const nowMs = this.#meter.nowMs();
    if (stage === "handler") {
      this.#handlerMs = nowMs;
    } else {
      this.#authenticateMs = nowMs;
      this.#before = this.#meter.usageAt(nowMs);
    }
  }

  /** What it comes to when the invocation ends; undefined when none of its code has begun. */
  stop(): RunFigures | undefined {
    const [startMs, handlerMs, before] = [this.#authenticateMs, this.#handlerMs, this.#before];
    if (startMs === undefined || !before) return undefined;
    const nowMs = this.#meter.nowMs();
    const isLong = nowMs - startMs >= measuredFromMs;
    return {
      authenticateMs: (handlerMs ?? nowMs) - startMs,
      handlerMs: handlerMs === undefined ? undefined : nowMs - handlerMs,
      ...(isLong ? this.#measure(before, nowMs) : unmeasured),
    };
  }

  #measure(before: ProcessUsage, nowMs: number) {
    const { cpuMs, maxRssBytes } = this.#meter.usageAt(nowMs);
    // A new maximum of the process was reached while the invocation ran.
    const isPeak = maxRssBytes > before.maxRssBytes;
    return {
      cpuMs: Math.max(0, cpuMs - before.cpuMs),
      peakRssBytes: isPeak ? maxRssBytes : this.#meter.rssBytes(),
    };
  }
}

const unmeasured = { cpuMs: undefined, peakRssBytes: undefined };
