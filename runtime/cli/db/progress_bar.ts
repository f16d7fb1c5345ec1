import type { Platform } from "../../platform/platform.ts";

const barWidth = 30;
const redrawMs = 100;
/** Where nobody watches, a line for each step of this size. */
const plainStep = 0.1;

/** Shows on standard error how far a long action is: as a bar to people, as lines to a file. */
export class ProgressBar {
  readonly #platform: Platform;
  readonly #title: string;
  readonly #isTerminal: boolean;
  #drawnMs = -Infinity;
  #nextStep = plainStep;

  constructor(platform: Platform, title: string) {
    this.#platform = platform;
    this.#title = title;
    this.#isTerminal = platform.isTerminal("stderr");
  }

  /** Draws how far it is, from 0 to 1, not more often than anybody can read. */
  update(share: number, note: string): void {
    if (!this.#isTerminal) return this.#writeLine(share, note);
    const nowMs = performance.now();
    if (nowMs - this.#drawnMs < redrawMs && share < 1) return;
    this.#drawnMs = nowMs;
    const filled = Math.round(share * barWidth);
    const bar = "#".repeat(filled) + "-".repeat(barWidth - filled);
    this.#write(`\r${this.#title} [${bar}] ${toPercent(share)} ${note}`);
  }

  /** Ends the line of the bar, so that what is written next stands on its own. */
  end(): void {
    if (this.#isTerminal && this.#drawnMs > 0) this.#write("\n");
  }

  #writeLine(share: number, note: string): void {
    if (share < this.#nextStep) return;
    this.#nextStep = Math.floor(share / plainStep + 1) * plainStep;
    this.#write(`${this.#title} ${toPercent(share)} ${note}\n`);
  }

  #write(text: string): void {
    this.#platform.writeOut("stderr", text);
  }
}

function toPercent(share: number): string {
  return `${Math.floor(share * 100)}%`.padStart(4);
}
