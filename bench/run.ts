/**
 * `npm run bench`: hello world on webtaskd beside bare servers and peers on the same machine, over
 * the loopback address. Every subject runs all the time; a round measures one after the other, so
 * that whatever slows the machine down hits them alike.
 */
import { cpus, loadavg, release } from "node:os";
import process from "node:process";
import { type BenchOptions, Misuse, parseOptions, usage } from "./options.ts";
import { formatTable, formatVerdicts } from "./report.ts";
import { Rounds, type RoundsResult } from "./rounds.ts";
import { createSubjects, selectSubjects } from "./subjects.ts";
import { judge, summarize } from "./summary.ts";
import { installLoadGenerator, installPeers } from "./tools.ts";

const interruptedExitCode = 130;
/** On a machine that does something else as well, the numbers say little. */
const [loadBefore = NaN] = loadavg();

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options) return await bench(options);
    process.stdout.write(usage);
    return 0;
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    return error instanceof Misuse ? 2 : 1;
  }
}

async function bench(options: BenchOptions): Promise<number> {
  const subjects = selectSubjects(createSubjects(), options.only);
  installLoadGenerator();
  if (subjects.some(({ kind }) => kind === "peer")) installPeers();
  const rounds = new Rounds({ ...options, onProgress: tell });
  const onInterrupt = () => void rounds.close().finally(() => process.exit(interruptedExitCode));
  process.once("SIGINT", onInterrupt).once("SIGTERM", onInterrupt);
  try {
    return publish(await rounds.run(subjects), options);
  } finally {
    await rounds.close();
    process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
  }
}

/** Prints the result and returns the exit code that says whether it is good. */
function publish(result: RoundsResult, options: BenchOptions): number {
  const summaries = summarize(result.series);
  const verdicts = judge(result.series, summaries);
  if (options.json) {
    print(JSON.stringify({ machine: describeMachine(), summaries, verdicts, ...result }, null, 2));
  } else {
    const remarks = [
      ...result.skipped.map((text) => `SKIPPED ${text}`),
      ...result.failures.map((text) => `FAILED ${text}`),
    ];
    const parts = [formatTable(summaries), formatVerdicts(verdicts), remarks.join("\n")];
    print([describeMachine(), ...parts.filter((part) => part !== "")].join("\n\n"));
  }
  return result.failures.length === 0 && verdicts.every(({ isMet }) => isMet) ? 0 : 1;
}

function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? "unknown processor";
  const load = loadBefore.toFixed(1);
  return `${processors.length} x ${model} (load ${load} before), Linux ${release()}, Bun ${Bun.version}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function tell(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
