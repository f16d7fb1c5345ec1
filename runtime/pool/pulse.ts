/** Silence after which a process is asked whether it is there. */
const silenceMs = 300;
/** A process that has not answered for this long is blocked. */
const answerMs = 400;

/** What a look at a process's pulse comes to. */
export type PulseSign = "alive" | "ask" | "silent" | "blocked";

/**
 * Whether a process still turns its event loop. It is looked at from time to time; what it sends in
 * between costs no look at a clock. The worst case, a look every 100 ms, finds a blocked process
 * within 900 ms.
 */
export class Pulse {
  #wasHeard = true;
  #heardMs = 0;
  #askedMs: number | undefined;

  /** Something has come from the process. */
  heard(): void {
    this.#wasHeard = true;
  }

  /** Looks at it; after `ask` somebody should. */
  look(nowMs: number): PulseSign {
    if (this.#wasHeard) {
      this.#wasHeard = false;
      this.#heardMs = nowMs;
      this.#askedMs = undefined;
      return "alive";
    }
    if (this.#askedMs !== undefined) {
      return nowMs - this.#askedMs >= answerMs ? "blocked" : "silent";
    }
    if (nowMs - this.#heardMs < silenceMs) return "alive";
    this.#askedMs = nowMs;
    return "ask";
  }
}
