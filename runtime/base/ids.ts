import { type Clock, systemClock } from "./clock.ts";

const blockBytes = 4096;
const timeDigits = 12;
const randomDigits = 20;
/** What an identifier looks like. */
export const idPattern = /^[0-9a-f]{32}$/;

/**
 * Hands out identifiers of 32 lower-case hex digits: twelve are the time in milliseconds, so that
 * what is stored under them is stored in order, and twenty are random. Random bytes are drawn and
 * written out 4 KiB at a time: one system call and one conversion serve hundreds of identifiers.
 */
export class IdSource {
  readonly #clock: Pick<Clock, "wallMs">;
  #digits = "";
  #next = 0;
  #timeMs = -1;
  #time = "";

  constructor(clock: Pick<Clock, "wallMs"> = systemClock) {
    this.#clock = clock;
  }

  /** A W3C trace ID; never all zero, as its time is not. Source: W3C Trace Context §3.2.2.3. */
  traceId(): string {
    return this.#draw();
  }

  /** A request ID. */
  requestId(): string {
    return this.#draw();
  }

  #draw(): string {
    const timeMs = this.#clock.wallMs();
    if (timeMs !== this.#timeMs) {
      this.#timeMs = timeMs;
      this.#time = firstIdDigits(timeMs);
    }
    if (this.#next + randomDigits > this.#digits.length) {
      const bytes = crypto.getRandomValues(new Uint8Array(blockBytes));
      this.#digits = Buffer.from(bytes).toString("hex");
      this.#next = 0;
    }
    const start = this.#next;
    this.#next += randomDigits;
    return this.#time + this.#digits.slice(start, this.#next);
  }
}

/** When an identifier was made, in milliseconds since 1970, as it says itself. */
export function idTimeMs(id: string): number {
  return Number.parseInt(id.slice(0, timeDigits), 16);
}

/** What identifiers made at a time begin with; a clock before 1970 counts as 1970. */
export function firstIdDigits(timeMs: number): string {
  return Math.max(1, Math.floor(timeMs)).toString(16).padStart(timeDigits, "0").slice(-timeDigits);
}
