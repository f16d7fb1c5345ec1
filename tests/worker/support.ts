import type { ProcessUsage } from "../../runtime/platform/platform.ts";
import { Meter } from "../../runtime/worker/stopwatch.ts";
import { ManualClock } from "../manual_clock.ts";

/** A process whose usage a test says. */
export class FakeProcess {
  cpuMs = 0;
  maxRss = 0;
  rss = 0;
  /** How often it was looked at. */
  looks = 0;
  readonly clock: ManualClock;
  readonly meter: Meter;

  constructor(clock: ManualClock = new ManualClock()) {
    this.clock = clock;
    this.meter = new Meter({ platform: this, clock: () => clock.monotonicMs() });
  }

  usage(): ProcessUsage {
    this.looks += 1;
    return { cpuMs: this.cpuMs, maxRssBytes: this.maxRss };
  }

  rssBytes(): number {
    return this.rss;
  }
}
