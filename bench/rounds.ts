import { measure, type Sample } from "./measure.ts";
import { ServerProcess } from "./server_process.ts";
import { missingPart, type Subject } from "./subjects.ts";
import type { Series } from "./summary.ts";

/** What the rounds gave. */
export interface RoundsResult {
  readonly series: readonly Series[];
  /** What cannot run here, and how to change that. */
  readonly skipped: readonly string[];
  /** What did not start, or gave a wrong answer or none; its samples are left out. */
  readonly failures: readonly string[];
}

/** How often and how long to measure, and whom to tell how far it is. */
export interface RoundsOptions {
  readonly rounds: number;
  readonly seconds: number;
  onProgress(text: string): void;
}

/** Starts subjects, measures one after the other in every round, and ends them. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #samples = new Map<ServerProcess, Sample[]>();
  readonly #skipped: string[] = [];
  readonly #failures: string[] = [];

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** Runs all rounds on these subjects. */
  async run(subjects: readonly Subject[]): Promise<RoundsResult> {
    for (const subject of subjects) await this.#start(subject);
    for (let round = 1; round <= this.#options.rounds; round++) {
      for (const server of [...this.#samples.keys()]) await this.#measure(server, round);
    }
    const series = [...this.#samples].map(([{ subject }, samples]) => ({ subject, samples }));
    return { series, skipped: this.#skipped, failures: this.#failures };
  }

  /** Ends every subject; may be called at any time. */
  async close(): Promise<void> {
    const servers = [...this.#samples.keys()];
    this.#samples.clear();
    await Promise.all(servers.map((server) => server.close()));
  }

  async #start(subject: Subject): Promise<void> {
    const missing = missingPart(subject);
    if (missing !== undefined) {
      this.#skipped.push(`${subject.name}: ${missing}`);
      return;
    }
    this.#options.onProgress(`starting ${subject.name}`);
    try {
      this.#samples.set(await ServerProcess.start(subject), []);
    } catch (error) {
      this.#failures.push(`${subject.name}: ${error}`);
    }
  }

  async #measure(server: ServerProcess, round: number): Promise<void> {
    const { name } = server.subject;
    this.#options.onProgress(`round ${round} of ${this.#options.rounds}: ${name}`);
    try {
      const sample = await measure(server, this.#options.seconds);
      this.#samples.get(server)?.push(sample);
    } catch (error) {
      this.#failures.push(`${name}: ${error}`);
      this.#samples.delete(server);
      await server.close();
    }
  }
}
